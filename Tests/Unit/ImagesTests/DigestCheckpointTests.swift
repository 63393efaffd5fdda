import Essentials
import Glibc
import Images
import LinuxSystem
import OCI
import Testing

/// Layers that begin like an earlier one and share its files, as a step makes them that copies a tree again.
@Suite(.enabled(if: isRoot, "needs root: layers keep owners")) struct DigestCheckpointTests {
    private let fixture: StoreFixture
    private let names = (0..<450).map { "d\($0 / 150)/f\($0 % 150)" }

    init() throws { fixture = try StoreFixture() }

    private func commit(_ fill: (_ upper: String) throws -> Void) throws -> Layer {
        let id = Identifier.random()
        let snapshot = try fixture.store.prepareSnapshot(id: id, parent: nil)
        try fill(snapshot.upper)
        return try fixture.store.commitSnapshot(id: id)
    }

    private func first() throws -> Layer {
        try commit { upper in
            for folder in ["d0", "d1", "d2"] { try FileSystem.makeDirectories("\(upper)/\(folder)") }
            for name in names {
                try FileSystem.replace("\(upper)/\(name)", with: "content of \(name)")
            }
            try setTimes(upper)
        }
    }

    /// The same tree of the same files, in directories of its own, with a change.
    private func again(_ earlier: Layer, _ change: (_ upper: String) throws -> Void = { _ in }) throws -> Layer {
        try commit { upper in
            for folder in ["d0", "d1", "d2"] { try FileSystem.makeDirectories("\(upper)/\(folder)") }
            for name in names {
                try check("link", name) { link(path(earlier, name), "\(upper)/\(name)") }
            }
            try change(upper)
            try setTimes(upper)
        }
    }

    private func path(_ layer: Layer, _ name: String) -> String { "\(fixture.store.layersDirectory)/\(layer.number)/diff/\(name)" }

    private func setTimes(_ upper: String) throws {
        let times = [timespec(tv_sec: 1000, tv_nsec: 0), timespec(tv_sec: 1000, tv_nsec: 0)]
        for name in try FileSystem.list(upper) {
            try check("utimensat", name) { utimensat(AT_FDCWD, "\(upper)/\(name)", times, 0) }
        }
    }

    @Test(arguments: ["f0", "f149"]) func theDigestIsThatOfTheWholeLayer(_ file: String) throws {
        let lease = fixture.store.pin()
        let earlier = try first()
        for folder in ["d0", "d2"] {
            let path = "\(folder)/\(file)"
            let changes: [(String, (String) throws -> Void)] = [
                ("changed", { try FileSystem.replace("\($0)/\(path)", with: "content oF \(path)") }),
                ("removed", { try FileSystem.remove("\($0)/\(path)") }),
                ("added", { try FileSystem.replace("\($0)/\(path)x", with: "new") }),
                ("mode of a directory", { upper in try check("chmod") { chmod("\(upper)/\(folder)", 0o700) } }),
                (
                    "a directory in its place",
                    {
                        try FileSystem.remove("\($0)/\(path)"); try FileSystem.makeDirectories("\($0)/\(path)/x")
                    }
                ),
                (
                    "a link in its place",
                    {
                        try FileSystem.remove("\($0)/\(path)"); try symlink("x", "\($0)/\(path)")
                    }
                ),
                ("opaque", { try mark("\($0)/\(folder)") }),
                ("two names of one", { upper in try check("link") { link("\(upper)/\(path)", "\(upper)/\(folder)/z") } }),
            ]
            for (what, change) in changes {
                let layer = try again(earlier, change)
                #expect(layer.diffID != earlier.diffID, "\(what): \(path)")
                // Reads everything, and compares.
                #expect(throws: Never.self, "\(what): \(path)") { try fixture.store.writeLayerTar(layer) { _ in } }
            }
        }
        withExtendedLifetime(lease) {}
    }

    private func symlink(_ target: String, _ path: String) throws { try check("symlink") { Glibc.symlink(target, path) } }
    private func mark(_ path: String) throws {
        try ExtendedAttributes.write([("trusted.overlay.opaque", [UInt8(ascii: "y")])], to: try .open(path, O_RDONLY))
    }

    @Test func whatIsKnownFromAnEarlierLayerIsNotReadAgain() throws {
        let lease = fixture.store.pin()
        let earlier = try first()
        // Nobody does this: it shows that the file is taken for what it was.
        let file = try OwnedDescriptor.open(path(earlier, "d0/f0"), O_WRONLY)
        let time = try file.status().modifiedAt
        try file.writeAll(Array("CONTENT".utf8))
        let times = [Int64](repeating: time, count: 2).map {
            timespec(tv_sec: Int($0 / 1_000_000_000), tv_nsec: Int($0 % 1_000_000_000))
        }
        try check("futimens") { futimens(file.raw, times) }
        let layer = try again(earlier) { try FileSystem.replace("\($0)/d2/f149", with: "new") }
        #expect(failure { try fixture.store.writeLayerTar(layer) { _ in } }?.kind == .invalid)
        withExtendedLifetime(lease) {}
    }
}
