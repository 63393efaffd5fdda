import Essentials
import Testing

@testable import Engine

@Suite struct MountPlannerTests {
    @Test(arguments: [
        ("/host:/data", MountRequest.Kind.bind, "/host", "/data", false),
        ("/host/../etc:/data/:ro", .bind, "/etc", "/data", true),
        ("vol:/data:rw,nocopy", .volume, "vol", "/data", false),
        ("vol:/a/b:ro", .volume, "vol", "/a/b", true),
        ("/anonymous", .volume, "", "/anonymous", false),
    ])
    func parsesBinds(text: String, kind: MountRequest.Kind, source: String, destination: String, readOnly: Bool) throws {
        let mount = try MountPlanner.parseBind(text)
        #expect(mount.kind == kind)
        #expect(mount.source == source)
        #expect(mount.destination == destination)
        #expect(mount.readOnly == readOnly)
    }

    @Test(arguments: ["", ":", "a:b:c:d", "/a:relative", "vol:/x:bogus", "v/l:/x", "/a:/", "vol:/x:shared", "a::b"])
    func refuses(text: String) {
        #expect(throws: GantryError.self) { try MountPlanner.parseBind(text) }
    }

    @Test func parentsComeFirstAndImageVolumesGiveWay() throws {
        var settings = ContainerSettings(image: "x")
        settings.host.binds = ["/h:/a/b/c", "/h:/a", "named:/data"]
        settings.volumes = ["/cache"]
        var names = ["one", "two"]
        let plan = try MountPlanner(
            settings: settings, imageVolumes: ["/data", "/cache"], inherited: [], newVolumeName: { names.removeFirst() }
        ).plan()
        #expect(plan.mounts.map(\.destination) == ["/a", "/cache", "/data", "/a/b/c"])
        #expect(plan.anonymous == ["one"])
        #expect(plan.mounts.first { $0.destination == "/data" }?.source == "named")
    }

    @Test func twoMountsOnOnePlaceAreRefused() {
        var settings = ContainerSettings(image: "x")
        settings.host.binds = ["/h:/a", "v1:/a/"]
        let planner = MountPlanner(settings: settings, imageVolumes: [], inherited: [], newVolumeName: { "n" })
        let error = #expect(throws: GantryError.self) { _ = try planner.plan() }
        #expect(error?.message == "Duplicate mount point: /a")
    }

    @Test func explicitMountsReplaceInheritedOnes() throws {
        var settings = ContainerSettings(image: "x")
        settings.host.binds = ["mine:/data"]
        let inherited = [
            ResolvedMount(kind: .volume, source: "theirs", destination: "/data"),
            ResolvedMount(kind: .volume, source: "other", destination: "/o"),
        ]
        let plan = try MountPlanner(settings: settings, imageVolumes: ["/o"], inherited: inherited, newVolumeName: { "n" }).plan()
        #expect(plan.mounts.map(\.source) == ["mine", "other"])
        #expect(plan.anonymous.isEmpty)
    }
}
