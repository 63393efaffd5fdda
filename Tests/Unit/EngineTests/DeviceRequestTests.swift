import Essentials
import LinuxSystem
import Testing

@testable import Engine

@Suite struct CDINameTests {
    @Test(arguments: [("vendor.com/net=a", "vendor.com/net", "a"), ("nvidia.com/gpu=GPU-1:2", "nvidia.com/gpu", "GPU-1:2")])
    func reads(text: String, kind: String, device: String) {
        #expect(CDIName(text) == CDIName(kind: kind, device: device))
    }

    @Test(arguments: ["", "a", "a=b", "/dev/null", "vendor/=a", "vendor/x=", "/x=a", "ven dor/x=a", "vendor/x=-a"])
    func refuses(text: String) { #expect(CDIName(text) == nil) }
}

@Suite struct DeviceRequestTests {
    private func request(driver: String = "", count: Int = 0, ids: [String] = []) -> ResourceSettings.DeviceRequest {
        var request = ResourceSettings.DeviceRequest()
        request.driver = driver
        request.count = count
        request.deviceIDs = ids
        request.capabilities = driver == "cdi" ? [] : [["gpu"]]
        return request
    }

    /// Two directories with the same device; the later one wins.
    private func withDirectories(_ body: ([String]) throws -> Void) throws {
        let base = "/tmp/gantry-cdi-\(Identifier.random())"
        defer { try? FileSystem.removeTree(base) }
        for (name, value) in [("first", "1"), ("second", "2")] {
            try FileSystem.makeDirectories("\(base)/\(name)")
            let text =
                #"{"cdiVersion":"0.6.0","kind":"nvidia.com/gpu","containerEdits":{"env":["SHARED=\#(value)"]},"devices":["#
                + #"{"name":"0","containerEdits":{"env":["N=\#(value)"]}},{"name":"all","containerEdits":{"hooks":[{"hookName":"createContainer","path":"/h"}]}}]}"#
            try FileSystem.replace("\(base)/\(name)/gpu.json", with: text)
        }
        try FileSystem.replace("\(base)/first/broken.json", with: "{")
        try body(["\(base)/first", "\(base)/second"])
    }

    @Test func laterDirectoriesWin() throws {
        try withDirectories { directories in
            let edits = try DeviceRequests.edits([request(driver: "cdi", ids: ["nvidia.com/gpu=0"])], directories: directories)
            #expect(edits.map(\.env) == [["N=2"], ["SHARED=2"]])
        }
    }

    @Test func whatAFileSaysForAllIsTakenOnce() throws {
        try withDirectories { directories in
            let edits = try DeviceRequests.edits([request(ids: ["0", "all"])], directories: directories)
            #expect(edits.map(\.env) == [["N=2"], ["SHARED=2"], nil])
            #expect(edits.last?.hooks?.map(\.hookName) == ["createContainer"])
            #expect(try DeviceRequests.edits([request(count: -1)], directories: directories).first?.hooks?.count == 1)
        }
    }

    @Test func refusals() throws {
        let none = #expect(throws: GantryError.self) { _ = try DeviceRequests.edits([request(count: -1)], directories: []) }
        #expect(none?.message == "could not select device driver \"\" with capabilities: [[gpu]]")
        try withDirectories { directories in
            let missing = #expect(throws: GantryError.self) {
                _ = try DeviceRequests.edits([request(driver: "cdi", ids: ["nvidia.com/gpu=7"])], directories: directories)
            }
            #expect(missing?.message == "CDI device injection failed: unresolvable CDI devices nvidia.com/gpu=7")
            #expect(missing?.hint?.contains("broken.json") == true)
        }
        #expect(try DeviceRequests.edits([], directories: []).isEmpty)
    }
}

@Suite struct ImageSubpathTests {
    @Test func layersAreLookedThroughFromTheTop() throws {
        let base = "/tmp/gantry-subpath-\(Identifier.random())"
        defer { try? FileSystem.removeTree(base) }
        for path in ["top/a", "bottom/a/b", "bottom/c"] { try FileSystem.makeDirectories("\(base)/\(path)") }
        try FileSystem.replace("\(base)/bottom/c/f", with: "x")
        try FileSystem.replace("\(base)/top/c", with: "a file hides the directory below")
        func find(_ path: String) throws -> ImageSubpath.Found {
            try ImageSubpath(layers: ["\(base)/top", "\(base)/bottom"], path: path).find()
        }
        #expect(try find("") == .directories(["\(base)/top", "\(base)/bottom"]))
        #expect(try find("a") == .directories(["\(base)/top/a", "\(base)/bottom/a"]))
        #expect(try find("a/b") == .directories(["\(base)/bottom/a/b"]))
        #expect(try find("c") == .file("\(base)/top/c"))
        #expect(try find("c/f") == .missing)
        #expect(try find("nosuch") == .missing)
        #expect(throws: GantryError.self) { try find("a/../..") }
    }
}

@Suite struct MountPointsTests {
    @Test func placesThatWereMadeToMountOnAreNoChange() {
        let changes = [
            FileChange(path: "/etc", kind: .modified), FileChange(path: "/etc/hosts", kind: .added),
            FileChange(path: "/proc", kind: .added),
            FileChange(path: "/var", kind: .modified), FileChange(path: "/var/lib", kind: .added),
            FileChange(path: "/var/lib/v", kind: .added), FileChange(path: "/opt", kind: .added),
            FileChange(path: "/opt/v", kind: .added),
            FileChange(path: "/opt/own", kind: .added), FileChange(path: "/srv", kind: .deleted),
        ]
        #expect(MountPoints.remove(from: changes, mounts: ["/var/lib/v", "/opt/v"]).map(\.path) == ["/opt", "/opt/own", "/srv"])
    }

    @Test func whatADirectoryLostComesLast() {
        let changes = [
            FileChange(path: "/etc/group", kind: .deleted), FileChange(path: "/var", kind: .modified),
            FileChange(path: "/etc/passwd", kind: .modified), FileChange(path: "/etc", kind: .modified),
            FileChange(path: "/d/e", kind: .added),
            FileChange(path: "/d", kind: .added),
        ]
        #expect(changes.inListOrder.map(\.path) == ["/d", "/d/e", "/etc", "/etc/passwd", "/etc/group", "/var"])
    }
}
