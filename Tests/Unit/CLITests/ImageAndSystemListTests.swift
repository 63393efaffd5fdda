import DockerAPI
import Essentials
import Testing

@testable import CLI

@Suite("Lists of images and the system") struct ImageAndSystemListTests {
    private func image(_ id: Character, tags: [String] = [], digests: [String] = [], size: Int64 = 2_024_720) -> ImageSummary {
        var image = ImageSummary()
        image.id = "sha256:" + String(repeating: id, count: 64)
        image.repoTags = tags
        image.repoDigests = digests
        image.size = size
        image.sharedSize = -1
        image.containers = -1
        image.created = Timestamp.now().seconds - 4000
        return image
    }

    @Test("images: one line for each name, sizes with three digits")
    func images() throws {
        let rows = ImageRow.rows(
            [image("a"), image("b", tags: ["127.0.0.1:5000/x/y:latest", "foo/bar:1", "foo/bar:2"], size: 192_000_000)],
            digests: false)
        #expect(
            try ImageRow.view(fullIDs: false, digests: false).render(rows, format: nil) == """
                REPOSITORY           TAG       IMAGE ID       CREATED             SIZE
                <none>               <none>    aaaaaaaaaaaa   About an hour ago   2.02MB
                127.0.0.1:5000/x/y   latest    bbbbbbbbbbbb   About an hour ago   192MB
                foo/bar              1         bbbbbbbbbbbb   About an hour ago   192MB
                foo/bar              2         bbbbbbbbbbbb   About an hour ago   192MB

                """)
        #expect(
            try ImageRow.view(fullIDs: false, digests: false).render(
                Array(rows.prefix(1)), format: "{{.ID}}|{{.Size}}|{{.VirtualSize}}|{{.SharedSize}}")
                == "aaaaaaaaaaaa|2.02MB|2.025MB|N/A\n")
    }

    @Test("images: with digests one line for each name and digest")
    func digests() {
        let both = image("c", tags: ["r/bb:1", "r/bb:2"], digests: ["r/bb@sha256:12"])
        let only = image("d", digests: ["other@sha256:34"])
        #expect(
            ImageRow.rows([both, only], digests: true).map { "\($0.repository) \($0.tag) \($0.digest)" } == [
                "r/bb 1 sha256:12", "r/bb 2 sha256:12", "other <none> sha256:34",
            ])
        #expect(ImageRow.rows([only], digests: false).map { "\($0.repository) \($0.tag) \($0.digest)" } == ["other <none> <none>"])
    }

    @Test("history cuts long commands and shows raw numbers when asked to")
    func history() throws {
        var item = HistoryItem()
        item.id = "<missing>"
        item.created = 1_795_455_672
        item.createdBy = "/bin/sh -c update-ca-certificates >/dev/null 2>&1  && printf"
        item.size = 61_829_372
        let text = try HistoryCommand.view(human: false, full: false).render([item], format: "{{.ID}}|{{.CreatedBy}}|{{.Size}}")
        #expect(text == "<missing>|/bin/sh -c update-ca-certificates >/dev/null…|61829372\n")
        #expect(try HistoryCommand.view(human: true, full: false).render([item], format: "{{.Size}}") == "61.8MB\n")
    }

    private var usage: DiskUsageBody {
        var usage = DiskUsageBody()
        usage.layersSize = 194_300_000
        var used = image("a", tags: ["busybox:latest"])
        used.containers = 1
        used.sharedSize = 2_024_720
        var free = image("b", tags: ["i1:latest"])
        free.containers = 0
        free.sharedSize = 2_024_718
        usage.images = [free, used]
        var container = ContainerSummary()
        container.id = String(repeating: "f", count: 64)
        container.image = "busybox"
        container.command = "sh -c 'echo x > /d/x; sleep 1000'"
        container.state = "running"
        container.status = "Up 1 second"
        container.names = ["/c1"]
        container.sizeRw = 100_012
        container.created = Timestamp.now().seconds - 2
        usage.containers = [container]
        var volume = Volume()
        volume.name = "v1"
        volume.usageData = VolumeUsage()
        volume.usageData?.refCount = 1
        volume.usageData?.size = 2
        usage.volumes = [volume]
        var record = BuildCacheRecord()
        record.id = "kuw3hhrjtl0eabc"
        record.type = "source.local"
        record.size = 29
        record.usageCount = 1
        usage.buildCache = [record]
        return usage
    }

    @Test("system df")
    func diskUsage() throws {
        #expect(
            try DiskUsageCommand.view.render(DiskUsageSummary(usage).rows, format: nil) == """
                TYPE            TOTAL     ACTIVE    SIZE      RECLAIMABLE
                Images          2         1         194.3MB   194.3MB (100%)
                Containers      1         1         100kB     0B (0%)
                Local Volumes   1         1         2B        0B (0%)
                Build Cache     1         0         29B       29B

                """)
        let lines = try DiskUsageDetails(usage).text().split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        #expect(lines[0] == "Images space usage:" && lines[1] == "")
        #expect(
            lines[2] == "REPOSITORY   TAG       IMAGE ID       CREATED             SIZE      SHARED SIZE   UNIQUE SIZE   CONTAINERS"
        )
        #expect(lines[3] == "i1           latest    bbbbbbbbbbbb   About an hour ago   2.02MB    2.025MB       2B            0")
        #expect(
            lines.contains(
                "ffffffffffff   busybox   \"sh -c 'echo x > /d/…\"   0               100kB     2 seconds ago   Up 1 second   c1"))
        #expect(lines.contains("v1            1         2B"))
        #expect(lines.contains("Build cache usage: 29B"))
        #expect(lines.contains { $0.hasPrefix("kuw3hhrjtl0e   source.local   29B") })
    }

    @Test("prune reports")
    func prune() {
        var report = ImagesPruneReport()
        var untagged = ImageDeleteItem()
        untagged.untagged = "x:1"
        var deleted = ImageDeleteItem()
        deleted.deleted = "sha256:75"
        report.imagesDeleted = [untagged, deleted]
        #expect(
            PruneText.images(report) + PruneText.total(0)
                == "Deleted Images:\nuntagged: x:1\ndeleted: sha256:75\n\nTotal reclaimed space: 0B\n")
        #expect(PruneText.list("Deleted Networks", []) == "")
    }

    @Test("the question of system prune lists what would go")
    func question() throws {
        guard case .run(let parsed) = try CommandParser.parse(SystemPruneCommand.self, name: "x", []),
            var command = parsed as? SystemPruneCommand
        else {
            Issue.record("not parsed")
            return
        }
        #expect(
            command.warning(Filters()) == """
                WARNING! This will remove:
                  - all stopped containers
                  - all networks not used by at least one container
                  - all dangling images
                  - unused build cache

                Are you sure you want to continue?
                """)
        command.all = true
        command.volumes = true
        #expect(command.warning(Filters(["label": ["a=b"]])).contains("filtered with:\n  - label=a=b\n"))
    }

    @Test("events: line, template fields, JSON")
    func events() throws {
        var event = EventMessage()
        event.type = "container"
        event.action = "die"
        event.actor.id = "4c99"
        event.actor.attributes = ["name": "c1", "exitCode": "0", "image": "busybox"]
        event.status = "die"
        event.id = "4c99"
        event.from = "busybox"
        event.scope = "local"
        event.time = 1_795_459_951
        event.timeNano = 1_795_459_951_449_579_000
        #expect(EventLine.render(event) == "2026-11-23T18:52:31.449579000Z container die 4c99 (exitCode=0, image=busybox, name=c1)")
        #expect(
            EventsCommand.json(event)
                == #"{"status":"die","id":"4c99","from":"busybox","Type":"container","Action":"die","Actor":{"ID":"4c99","Attributes":{"exitCode":"0","image":"busybox","name":"c1"}},"scope":"local","time":1795459951,"timeNano":1795459951449579000}"#
        )
        #expect(
            try Template("{{.Type}} {{.Actor.Attributes.exitCode}} {{.ID}}").execute(on: EventsCommand.record(event))
                == "container 0 4c99")
    }

    @Test("times of flags")
    func times() throws {
        let now = Timestamp(seconds: 1_800_000_000)
        #expect(try TimeArgument.parse("10m", now: now) == "1799999400.000000000")
        #expect(try TimeArgument.parse("1795459950", now: now) == "1795459950")
        #expect(try TimeArgument.parse("1795459950.5", now: now) == "1795459950.5")
        #expect(try TimeArgument.parse("2026-11-23T18:52:30Z", now: now) == "1795459950.000000000")
        #expect(throws: GantryError.self) { try TimeArgument.parse("foo", now: now) }
    }

    @Test("version of the server in blocks")
    func version() throws {
        let answer = try Value(
            json: Array(
                #"{"Platform":{"Name":""},"Components":[{"Name":"Engine","Version":"26.1.5","Details":{"ApiVersion":"1.45","Arch":"amd64","BuildTime":"Thu","Experimental":"false","GitCommit":"411e817","GoVersion":"go1.24.4","MinAPIVersion":"1.24","Os":"linux"}},{"Name":"runc","Version":"1.1.15","Details":{"GitCommit":"g"}}],"ApiVersion":"1.45"}"#
                    .utf8))
        #expect(
            VersionText.server(answer) == """

                Server:
                 Engine:
                  Version:          26.1.5
                  API version:      1.45 (minimum version 1.24)
                  Go version:       go1.24.4
                  Git commit:       411e817
                  Built:            Thu
                  OS/Arch:          linux/amd64
                  Experimental:     false
                 runc:
                  Version:          1.1.15
                  GitCommit:        g

                """)
    }
}
