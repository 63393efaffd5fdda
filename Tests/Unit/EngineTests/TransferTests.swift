import Archive
import Essentials
import GRDB
import Glibc
import Images
import LinuxSystem
import Logging
import OCI
import RegistryClient
import Synchronization
import Testing

@testable import Engine

@Suite(
    .enabled(
        if: RegistryProcess.isThere && geteuid() == 0, "pulling and pushing for real needs Debian's docker-registry and root"))
struct TransferTests {
    private let registry: RegistryProcess
    private let here: Side
    private let there: Side

    init() async throws {
        registry = try await RegistryProcess()
        here = try Side()
        there = try Side()
    }

    private func name(_ rest: String) throws -> Reference { try Reference("\(registry.host)/\(rest)") }

    /// The order of messages is that of the recordings push-pull and registry-push-pull.
    @Test func whatIsPushedComesBackTheSame() async throws {
        let image = try here.image([["base": "1"], ["top": "2"]])
        let (base, top) = (image.layers[0].diffID.short, image.layers[1].diffID.short)
        let pushed = try await here.push(image, try name("rec/two:1"))
        #expect(pushed.prefix(2) == ["\(top): Preparing", "\(base): Preparing"])
        #expect(Set(pushed[2..<4]) == ["\(top): Pushed", "\(base): Pushed"])
        let digest = try #require(try here.store.image(id: image.id)?.repoDigests.first?.digest)
        #expect(pushed[4].hasPrefix("1: digest: \(digest) size: "))
        #expect(pushed[5] == "aux 1 \(digest)")

        let pulled = try await there.pull(try name("rec/two:1"))
        let copy = try #require(try there.store.image(id: image.id))
        #expect(copy.configBytes == image.configBytes)
        #expect(copy.references == [try name("rec/two:1")])
        #expect(copy.repoDigests.map(\.digest) == [digest])
        let blobs = copy.layers.compactMap { $0.blob?.digest.short }
        #expect(blobs.count == 2)
        #expect(pulled.first == "1: Pulling from rec/two")
        #expect(Array(pulled[1...2]) == blobs.map { "\($0): Pulling fs layer" })
        for blob in blobs {
            let own = pulled.filter { $0.hasPrefix(blob) }.map { String($0.dropFirst(14)) }
            #expect(
                own == [
                    "Pulling fs layer", "Downloading", "Verifying Checksum", "Download complete", "Extracting", "Extracting",
                    "Pull complete",
                ])
        }
        #expect(
            Array(pulled.suffix(2)) == [
                "Digest: \(digest)", "Status: Downloaded newer image for \(try name("rec/two:1").familiar)",
            ])
    }

    @Test func whatIsThereIsNotSentAgain() async throws {
        let image = try here.image([["base": "1"]])
        let id = image.layers[0].diffID.short
        let first = try await here.push(image, try name("rec/bb:1"))
        #expect(first.contains("\(id): Pushed"))
        #expect(try await here.push(image, try name("rec/bb:1")) == [first[0], "\(id): Layer already exists"] + first.suffix(2))
        #expect(try await here.push(image, try name("rec/cc:1")).contains("\(id): Mounted from rec/bb"))
        _ = try await there.pull(try name("rec/bb:1"))
        let again = try await there.pull(try name("rec/bb:1"))
        #expect(again.map { String($0.prefix(7)) } == ["1: Pull", "Digest:", "Status:"])
        #expect(again.last == "Status: Image is up to date for \(try name("rec/bb:1").familiar)")
        let grown = try here.image([["base": "1"], ["more": "3"]])
        _ = try await here.push(grown, try name("rec/bb:2"))
        let pulled = try await there.pull(try name("rec/bb:2"))
        #expect(pulled[1].hasSuffix(": Already exists") && pulled[2].hasSuffix(": Pulling fs layer"))
    }

    @Test func aPulledImageKeepsItsManifest() async throws {
        let image = try here.image([["base": "1"]])
        _ = try await here.push(image, try name("rec/a:1"))
        _ = try await there.pull(try name("rec/a:1"))
        let copy = try #require(try there.store.image(id: image.id))
        _ = try await there.push(copy, try name("rec/b:1"))
        let digests = try #require(try there.store.image(id: image.id)).repoDigests.compactMap(\.digest)
        #expect(digests.count == 2 && Set(digests).count == 1)
    }

    @Test func aPullByDigestGivesNoTag() async throws {
        let image = try here.image([["base": "1"]])
        _ = try await here.push(image, try name("rec/a:1"))
        let digest = try #require(try here.store.image(id: image.id)?.repoDigests.first?.digest)
        _ = try await there.pull(try Reference("\(registry.host)/rec/a@\(digest)"))
        let copy = try #require(try there.store.image(id: image.id))
        #expect(copy.references.isEmpty && copy.repoDigests.count == 1)
    }

    @Test func aWrongLayerLeavesNothing() async throws {
        let image = try here.image([["base": "1"]])
        _ = try await here.push(image, try name("rec/a:1"))
        // The same layer under a configuration that promises another content.
        var config = image.config
        config.rootfs.diffIDs = [image.id]
        let bytes = Array(try RecordCoding.encode(config).utf8)
        let repository = try await here.client.repository(of: name("rec/a"), credentials: .anonymous, access: .push)
        let digest = ConfigurationDigest.of(bytes)
        try await repository.uploadBlob(
            Descriptor(mediaType: MediaType.dockerConfig, digest: digest, size: Int64(bytes.count)), bytes: bytes)
        var manifest = try await repository.manifest(try #require(try here.store.image(id: image.id)?.repoDigests.first?.digest))
        manifest.bytes = Array(
            String(decoding: manifest.bytes, as: UTF8.self).replacing(image.id.description, with: digest.description)
                .replacing("\"size\": \(image.configBytes.count)", with: "\"size\": \(bytes.count)").utf8)
        try await repository.putManifest(manifest.bytes, mediaType: manifest.mediaType, tag: "bad")
        let bad = try name("rec/a:bad")
        await #expect(throws: GantryError.self) { _ = try await there.pull(bad) }
        try there.store.collectGarbage()
        #expect(try there.store.list().isEmpty)
        #expect(try FileSystem.list("\(there.path)/blobs/sha256").isEmpty)
        #expect(try FileSystem.list("\(there.path)/layers").isEmpty)
    }

    @Test func anUnknownImageIsReportedInDockersWords() async throws {
        let reference = try name("rec/nosuch:1")
        let error = await #expect(throws: GantryError.self) { _ = try await there.pull(reference) }
        #expect(error?.message == "manifest for \(reference.familiar) not found: manifest unknown: manifest unknown")
        #expect(error?.kind == .notFound)
    }
}

@Suite struct ProgressRelayTests {
    private struct Failure: Error {}

    @Test func whatWasSaidBeforeAFailureArrives() async {
        let seen = Mutex<[String]>([])
        await #expect(throws: Failure.self) {
            try await ProgressRelay.run(to: { message in seen.withLock { $0.append(message.status ?? "") } }) { relay in
                for number in 0..<100 { relay.say("\(number)") }
                throw Failure()
            }
        }
        #expect(seen.withLock { $0 } == (0..<100).map { "\($0)" })
    }

    @Test func aReaderThatLeavesEndsTheWork() async {
        await #expect(throws: Failure.self) {
            try await ProgressRelay.run(to: { _ in throw Failure() }) { relay in
                relay.say("first")
                try await Task.sleep(for: .seconds(600))
            }
        }
    }

    @Test func movingBarsArePaced() async throws {
        let seen = Mutex<[Int64]>([])
        try await ProgressRelay.run(to: { message in seen.withLock { $0.append(message.current ?? -1) } }) { relay in
            for number in 1...1000 { relay.move("Downloading", "id", current: Int64(number), total: 1000) }
        }
        let values = seen.withLock { $0 }
        #expect(values.first == 1 && values.last == 1000 && values.count < 1000)
    }
}

/// An image store and a client of its own.
private final class Side {
    let path: String
    let store: ImageStore
    let client: RegistryClient
    let forms = CompressedForms()
    private let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    init() throws {
        path = "/tmp/gantry-transfer-\(Identifier.randomHex(bytes: 8))"
        try FileSystem.makeDirectories(path)
        let database = try DatabaseQueue(path: path + "/gantry.db")
        var migrator = DatabaseMigrator()
        ImageStore.registerMigrations(&migrator)
        try migrator.migrate(database)
        store = try ImageStore(dataRoot: path, database: database, logger: logger)
        client = RegistryClient(logger: logger)
    }

    deinit {
        let client = client
        // Ends at once: nothing is under way when a test is over.
        Task { try? await client.shutdown() }
        try? FileSystem.removeTree(path)
    }

    func image(_ layers: [[String: String]]) throws -> Image {
        let lease = store.pin()
        defer { withExtendedLifetime(lease) {} }
        var made: [Layer] = []
        for files in layers {
            var bytes: [UInt8]? = []
            let writer = TarWriter { bytes?.append(contentsOf: $0) }
            for (name, content) in files.sorted(by: { $0.key < $1.key }) {
                try writer.add(TarEntry(name), content: Array(content.utf8))
            }
            try writer.finish()
            made.append(
                try store.importLayer(
                    from: {
                        defer { bytes = nil }
                        return bytes
                    }, parent: made.last?.chainID))
        }
        return try store.createImage(
            config: ImageConfig(created: "2026-01-02T03:04:05Z", platform: .host, diffIDs: made.map(\.diffID)))
    }

    func push(_ image: Image, _ reference: Reference) async throws -> [String] {
        try store.tag(image.id, as: reference)
        let repository = try await client.repository(of: reference, credentials: .anonymous, access: .push)
        let tagged = try #require(try store.image(id: image.id))
        let pusher = ImagePusher(store: store, forms: forms, repository: repository, image: tagged, tag: reference.tag ?? "latest")
        return try await recorded(without: "Pushing") { sink in
            try await ProgressRelay.run(to: sink) { relay in try await pusher.push(relay) }
        }
    }

    func pull(_ reference: Reference) async throws -> [String] {
        let puller = ImagePuller(store: store, client: client, logger: logger)
        let source = try await puller.resolve(reference, platform: nil, credentials: .anonymous)
        return try await recorded(without: nil) { sink in
            _ = try await ProgressRelay.run(to: sink) { relay in try await puller.pull(source, platform: nil, relay) }
        }
    }

    /// Messages as `id: status`; repeated ones of a moving bar once.
    private func recorded(without status: String?, _ body: (@escaping ProgressSink) async throws -> Void) async throws -> [String] {
        let lines = Log()
        try await body { message in
            lines.text.withLock { text in
                if let pushed = message.pushed { text.append("aux \(pushed.tag) \(pushed.digest)") }
                if let line = message.status, line != status { text.append((message.id.map { "\($0): " } ?? "") + line) }
            }
        }
        return lines.text.withLock { $0 }
    }

    private final class Log: Sendable {
        let text = Mutex<[String]>([])
    }
}
