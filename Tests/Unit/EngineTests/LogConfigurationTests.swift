import Essentials
import OCI
import Testing

@testable import Engine

@Suite struct LogConfigurationTests {
    private func make(_ driver: String, _ options: [String: String] = [:]) throws(GantryError) -> LogConfiguration {
        try LogConfiguration(driver: driver, options: options)
    }

    @Test func defaults() throws {
        #expect(try make("").driver == .jsonFile)
        #expect(try make("").rotation == LogConfiguration.Rotation())
        #expect(try make("local").rotation == LogConfiguration.Rotation(maxSize: 20 << 20, maxFiles: 5, compresses: true))
        #expect(try make("none", ["anything": "goes"]).rotation == nil)
        #expect(try make("journald").rotation == .local)
        #expect(try make("journald", ["cache-disabled": "true"]).rotation == nil)
        #expect(
            try make("syslog", ["cache-max-size": "1m", "cache-max-file": "2", "cache-compress": "false"]).rotation
                == LogConfiguration.Rotation(maxSize: 1_000_000, maxFiles: 2, compresses: false))
    }

    @Test func fileOptions() throws {
        let made = try make("json-file", ["max-size": "10m", "max-file": "3", "compress": "true"])
        #expect(made.rotation == LogConfiguration.Rotation(maxSize: 10_000_000, maxFiles: 3, compresses: true))
        // Docker takes it, and it means nothing before a size is given.
        #expect(try make("json-file", ["max-file": "3"]).rotation == LogConfiguration.Rotation(maxFiles: 3))
        #expect(try make("local", ["max-file": "1"]).rotation?.compresses == false)
    }

    @Test func mode() throws {
        #expect(try make("json-file").nonBlockingBuffer == nil)
        #expect(try make("json-file", ["mode": "non-blocking"]).nonBlockingBuffer == 1 << 20)
        #expect(try make("json-file", ["mode": "non-blocking", "max-buffer-size": "4m"]).nonBlockingBuffer == 4 << 20)
    }

    @Test(arguments: [
        ("tcp://host", SyslogOptions.Address.network(host: "host", port: 514, isStream: true)),
        ("udp://127.0.0.1:601", .network(host: "127.0.0.1", port: 601, isStream: false)),
        ("udp://[::1]:601", .network(host: "::1", port: 601, isStream: false)),
        ("tcp://[::1]", .network(host: "::1", port: 514, isStream: true)),
        ("unixgram:///dev/null", .unix(path: "/dev/null", isStream: false)), ("", .local),
    ])
    func syslogAddresses(text: String, address: SyslogOptions.Address) throws {
        #expect(try make("syslog", ["syslog-address": text]).syslog?.address == address)
    }

    @Test(arguments: [("", 3), ("daemon", 3), ("kern", 0), ("local7", 23), ("17", 17)])
    func facilities(text: String, number: Int) throws {
        #expect(try make("syslog", ["syslog-facility": text]).syslog?.facility == number)
    }

    @Test(arguments: ["local8", "24", "x"])
    func unknownFacilities(text: String) {
        #expect(throws: GantryError.self) { try make("syslog", ["syslog-facility": text]) }
    }

    private var record: ContainerRecord {
        get throws {
            var settings = ContainerSettings(image: "busybox")
            settings.labels = ["a": "1", "b": "2", "app.x": "\"q\"\n"]
            settings.environment = ["E=5", "F=a=b", "PATH=/bin"]
            let digest = try Digest("sha256:" + String(repeating: "ab", count: 32))
            return ContainerRecord(
                id: String(repeating: "c", count: 64), name: "web", createdAt: .now(), settings: settings,
                program: ["sh", "-c", "x"],
                imageID: digest, chainID: nil, platform: Platform(os: "linux", architecture: "amd64"))
        }
    }

    @Test func tags() throws {
        #expect(try LogTag.render("x-{{.Name}}/{{ .ID }}", record) == "x-web/cccccccccccc")
        #expect(try LogTag.render("{{.ImageName}} {{.Command}} {{.ImageID}}", record) == "busybox sh -c x sha256:ababa")
        #expect(try LogTag.render("plain", record) == "plain")
        for wrong in ["{{.Name", "{{Name}}", "{{.Nothing}}", "{{}}"] {
            #expect(throws: GantryError.self) { try LogTag.check(wrong) }
        }
    }

    @Test func attributes() throws {
        var selection = LogConfiguration.AttributeSelection(labels: ["a", "missing"], variables: ["E"])
        #expect(try LogAttributes.select(selection, of: record) == ["a": "1", "E": "5"])
        selection = LogConfiguration.AttributeSelection(labelPattern: "^app", variablePattern: "^F$")
        let chosen = try LogAttributes.select(selection, of: record)
        #expect(chosen == ["app.x": "\"q\"\n", "F": "a=b"])
        let json = LogAttributes.json(chosen)
        #expect(json == #"{"F":"a=b","app.x":"\"q\"\u000a"}"#)
        #expect(LogLine.attributes(Array(json.utf8)[...]) == chosen)
        #expect(LogAttributes.json([:]) == "")
    }
}
