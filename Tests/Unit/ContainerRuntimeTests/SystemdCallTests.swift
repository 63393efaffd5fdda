import CLinux
import Essentials
import Foundation
import LinuxSystem
import OCI
import Testing

@testable import ContainerRuntime

/// Talks to a socket that says what systemd would.
struct SystemdCallTests {
    /// Answers one connection: a call of an even place in `script` is read, what follows it is sent.
    private static func serve(_ path: String, _ script: [[BusMessage]]) throws -> Thread {
        let listener = try check("listen") { gantry_listen_unix(path) }
        let thread = Thread {
            var entry = pollfd(fd: listener, events: Int16(POLLIN), revents: 0)
            poll(&entry, 1, 10_000)
            let client = OwnedDescriptor(gantry_accept(listener))
            _ = gantry_fcntl(client.raw, F_SETFL, 0)
            close(listener)
            var buffer = [UInt8](repeating: 0, count: 4096)
            func heard() -> [UInt8] { Array(buffer[..<((try? buffer.withUnsafeMutableBytes { try client.read(into: $0) }) ?? 0)]) }
            _ = heard()
            try? client.writeAll(Array("OK 0123\r\n".utf8))
            var rest = heard()
            if rest.starts(with: Array("BEGIN\r\n".utf8)) { rest.removeFirst(7) }
            for answers in script {
                if rest.isEmpty { rest = heard() }
                rest = []
                for answer in answers { try? client.writeAll(answer.bytes) }
            }
            _ = heard()
        }
        thread.start()
        return thread
    }

    private static func message(
        _ kind: BusMessage.Kind, to call: UInt32 = 0, member: String = "", error: String = "", _ signature: String,
        _ body: (inout BusWriter) -> Void
    ) -> BusMessage {
        var message = BusMessage(kind, serial: 9)
        message.answersTo = call
        message.member = member
        message.errorName = error
        message.signature = signature
        var writer = BusWriter()
        body(&writer)
        message.body = writer.bytes
        return message
    }

    private static func removed(_ unit: String) -> BusMessage {
        message(.signal, member: "UnitRemoved", "so") {
            $0.string(unit)
            $0.string("/unit")
        }
    }

    private static let exists = message(.error, to: 1, error: "org.freedesktop.systemd1.UnitExists", "s") { $0.string("exists") }

    private static func start(_ script: [[BusMessage]]) throws {
        let path = "/tmp/gantry-systemd-\(Identifier.randomHex(bytes: 6))"
        defer { unlink(path) }
        let thread = try serve(path, script)
        defer { withExtendedLifetime(thread) {} }
        var manager = SystemdManager()
        manager.socketPath = path
        try manager.startScope(try ScopeName(":gantry:x", id: "x"), processID: 1, limits: [])
    }

    @Test func aNameThatIsJustEndingIsWaitedFor() throws {
        let done = [
            Self.message(.signal, member: "JobRemoved", "uoss") {
                $0.unsigned(7)
                $0.string("/job/7")
                $0.string("gantry-x.scope")
                $0.string("done")
            }, Self.message(.answer, to: 2, "o") { $0.string("/job/7") },
        ]
        try Self.start([[Self.exists, Self.removed("other.scope"), Self.removed("gantry-x.scope")], done])
    }

    @Test func aNameThatStaysIsAnError() throws {
        let error = #expect(throws: BusError.self) { try Self.start([[Self.exists, Self.removed("other.scope")]]) }
        #expect(error?.name == "org.freedesktop.systemd1.UnitExists")
    }
}
