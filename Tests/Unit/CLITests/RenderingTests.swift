import DockerAPI
import Essentials
import Testing

@testable import CLI

@Suite struct RenderingTests {
    @Test func columnsAreAtLeastTenAndThreeApart() {
        var table = Table()
        table.add(["NAMES", "IMAGE", "COMMAND"])
        table.add(["r1", "busybox", "\"sh -c 'sleep 1000; …\""])
        table.add(["a-longer-name", "x", ""])
        #expect(
            table.text == """
                NAMES           IMAGE     COMMAND
                r1              busybox   "sh -c 'sleep 1000; …"
                a-longer-name   x         \n
                """)
    }

    private static let spans: [(Int64, String)] = [
        (0, "Less than a second"), (1, "1 second"), (59, "59 seconds"), (60, "About a minute"), (119, "About a minute"),
        (120, "2 minutes"), (3599, "59 minutes"), (3600, "About an hour"), (5400, "2 hours"), (7200, "2 hours"),
        (47 * 3600, "47 hours"), (48 * 3600, "2 days"), (13 * 86400, "13 days"), (14 * 86400, "2 weeks"), (59 * 86400, "8 weeks"),
        (60 * 86400, "2 months"), (700 * 86400, "23 months"), (730 * 86400, "2 years"),
    ]

    @Test(arguments: spans)
    func durations(_ seconds: Int64, _ expected: String) {
        #expect(HumanTime.duration(seconds: seconds) == expected)
    }

    @Test func agesAndStamps() {
        let time = Timestamp(seconds: 1_700_000_000)
        #expect(HumanTime.ago(time, now: Timestamp(seconds: 1_700_000_125)) == "2 minutes ago")
        #expect(HumanTime.ago(time, now: Timestamp(seconds: 1)) == "Less than a second ago")
        #expect(HumanTime.stamp(time).hasPrefix("2023-11-1"))
    }

    private func container(_ change: (inout ContainerSummary) -> Void = { _ in }) -> ContainerSummary {
        var container = ContainerSummary()
        container.id = "b4f736302b5c" + String(repeating: "0", count: 52)
        container.names = ["/r1", "/other/r1"]
        container.image = "busybox"
        container.command = "sh -c 'sleep 1000; echo \"quoted words\"'"
        container.created = Timestamp.now().seconds - 90
        container.state = "running"
        container.status = "Up About a minute (healthy)"
        container.labels = ["k": "v", "a": "b"]
        change(&container)
        return container
    }

    @Test func containersAsATable() throws {
        let view = ContainerList.view(truncates: true, showsSize: false)
        let expected = """
            CONTAINER ID   IMAGE     COMMAND                  CREATED              STATUS                        PORTS     NAMES
            b4f736302b5c   busybox   "sh -c 'sleep 1000; …"   About a minute ago   Up About a minute (healthy)             r1

            """
        #expect(try view.render([container()], format: nil) == expected)
        #expect(try view.render([], format: "table") == "CONTAINER ID   IMAGE     COMMAND   CREATED   STATUS    PORTS     NAMES\n")
    }

    @Test func containersByTemplate() throws {
        let view = ContainerList.view(truncates: true, showsSize: false)
        #expect(
            try view.render([container()], format: "{{.Names}}|{{.Labels}}|{{.Label \"k\"}}|{{.HealthStatus}}")
                == "r1|a=b,k=v|v|healthy\n")
        #expect(
            try view.render([container()], format: "table {{.Names}}\\t{{.Label \"com.example.my-key\"}}\\t{{upper .State}}")
                == "NAMES     my key    STATE\nr1                  RUNNING\n")
        let json = try view.render([container()], format: "json")
        #expect(json.hasPrefix(#"{"Command":"\"sh -c 'sleep 1000; …\"","CreatedAt":""#))
        #expect(json.contains(#""Platform":null,"Ports":"""#))
        #expect(try view.render([container()], format: "raw").hasPrefix("container_id: b4f736302b5c\nimage: busybox\n"))
    }

    @Test func wrongTemplatesInDockersWords() {
        let view = ContainerList.view(truncates: true, showsSize: false)
        #expect(throws: GantryError.self) { try view.render([container()], format: "{{") }
        do { _ = try view.render([container()], format: "{{.Nope}}") } catch {
            let wanted =
                "failed to execute template: template: :1:2: executing \"\" at <.Nope>: can't evaluate field Nope in type "
                + "*formatter.ContainerContext"
            #expect("\(error)" == wanted)
        }
        do { _ = try view.render([container()], format: "{{") } catch {
            #expect("\(error)" == "failed to parse template: template: :1: unclosed action")
        }
    }

    @Test func fullTextWithoutTruncation() throws {
        let view = ContainerList.view(truncates: false, showsSize: true)
        let sized = container {
            $0.sizeRw = 5
            $0.sizeRootFs = 2_020_000
        }
        #expect(try view.render([sized], format: "{{.Names}} {{.Size}}") == "r1,other/r1 5B (virtual 2.02MB)\n")
    }

    @Test func onlyTemplatesThatShowTheSizeAskForIt() throws {
        #expect(try ListView<ContainerSummary>.fieldNames(of: "{{.Names}} {{.Label \"Size\"}}") == ["Names", "Label"])
        #expect(try ListView<ContainerSummary>.fieldNames(of: "{{if .Size}}x{{end}}") == ["Size"])
        #expect(try ListView<ContainerSummary>.fieldNames(of: "{{json .}}") == nil)
    }

    @Test func portsFold() {
        func port(_ ip: String, _ outside: UInt16, _ inside: UInt16, _ type: String = "tcp") -> Port {
            var port = Port()
            port.ip = ip
            port.publicPort = outside
            port.privatePort = inside
            port.type = type
            return port
        }
        let published = [port("0.0.0.0", 8080, 80), port("::", 8080, 80), port("127.0.0.1", 8081, 81, "udp")]
        #expect(PortsText.of(published) == "0.0.0.0:8080->80/tcp, [::]:8080->80/tcp, 127.0.0.1:8081->81/udp")
        #expect(PortsText.of((8000...8002).map { port("0.0.0.0", $0, $0) }) == "0.0.0.0:8000-8002->8000-8002/tcp")
        #expect(PortsText.of([port("", 0, 80), port("", 0, 81), port("", 0, 90)]) == "80-81/tcp, 90/tcp")
        #expect(PortsText.of([]) == "")
    }
}
