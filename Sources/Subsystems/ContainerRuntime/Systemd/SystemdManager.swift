internal import CLinux
internal import Essentials
internal import LinuxSystem

/// Asks the host's systemd over its own socket, one connection for each request. Blocks until systemd has answered.
/// Source: org.freedesktop.systemd1(5), Manager; D-Bus specification, Authentication Protocol.
struct SystemdManager {
    /// The socket that systemd has beside the message bus: it works without a running bus, for root only.
    static let defaultSocketPath = "/run/systemd/private"
    /// systemd's own sign that it is the host's init. Source: sd_booted(3).
    private static let bootedPath = "/run/systemd/system"

    var socketPath = Self.defaultSocketPath

    /// - Throws: `unsupported` when systemd is not the host's init.
    static func requireRunning() throws(GantryError) {
        guard FileSystem.exists(bootedPath), FileSystem.exists(defaultSocketPath) else {
            throw .unsupported(
                "the systemd cgroup driver needs systemd as the host's init: `\(bootedPath)` or `\(defaultSocketPath)` is missing",
                hint: "use the cgroupfs driver, which is the default")
        }
    }

    /// Makes the scope and waits until it is there.
    func startScope(_ name: ScopeName, processID: Int32, limits: [UnitProperty]) throws {
        var body = BusWriter()
        body.string(name.unit)
        // One of the same name that runs is an error.
        body.string("fail")
        body.array(alignment: 8) { writer in
            for property in ScopeProperties.scope(name, processID: processID, limits: limits) { writer.property(property) }
        }
        body.array(alignment: 8) { _ in }
        try ask("StartTransientUnit") { connection in
            do {
                try connection.call("StartTransientUnit", "ssa(sv)a(sa(sv))", body, serial: 1, isJob: true)
            } catch let error as BusError where error.name == "org.freedesktop.systemd1.UnitExists" {
                // An earlier one may just be ending. systemd tells every connection of its own socket when it has collected a unit, and
                // this one was there before the question.
                guard try connection.awaitRemoval(of: name.unit, within: .seconds(2)) else { throw error }
                try connection.call("StartTransientUnit", "ssa(sv)a(sa(sv))", body, serial: 2, isJob: true)
            }
        }
    }

    /// Ends a scope whose processes are gone, and waits some seconds for systemd to forget it; none of this name is as good.
    func stopScope(_ unit: String) throws {
        var body = BusWriter()
        body.string(unit)
        body.string("replace")
        try ask("StopUnit") { connection in
            do { try connection.call("StopUnit", "ss", body, serial: 1, isJob: false) } catch let error as BusError
                where error.name == "org.freedesktop.systemd1.NoSuchUnit"
            { return }
            // One that takes longer than this ends when it will: its group is then taken away from under it.
            _ = try connection.awaitRemoval(of: unit, within: .seconds(5))
        }
    }

    /// Changes limits of a unit until the next boot.
    func setProperties(_ unit: String, _ properties: [UnitProperty]) throws {
        guard !properties.isEmpty else { return }
        var body = BusWriter()
        body.string(unit)
        body.boolean(true)
        body.array(alignment: 8) { writer in for property in properties { writer.property(property) } }
        try ask("SetUnitProperties") { try $0.call("SetUnitProperties", "sba(sv)", body, serial: 1, isJob: false) }
    }

    private func ask(_ member: String, _ body: (BusConnection) throws -> Void) throws {
        do { try body(try BusConnection(path: socketPath)) } catch let error as BusError {
            throw error
        } catch {
            throw GantryError.unavailable("systemd did not perform \(member)", cause: error)
        }
    }
}

/// systemd refuses a request.
struct BusError: Error, CustomStringConvertible {
    var name: String
    var text: String

    var description: String { "systemd refuses: \(text.isEmpty ? name : text)" }
}
