import Essentials
import Glibc
import LinuxSystem
import NIOCore
import NIOPosix

/// Debian's `docker-registry` on a loopback port, with nothing in it, for as long as this object lives.
final class RegistryProcess {
    static let program = "/usr/bin/docker-registry"
    static var isThere: Bool { access(program, X_OK) == 0 }

    let port: Int
    private let directory: String
    private var process: pid_t = 0
    var host: String { "127.0.0.1:\(port)" }

    init() async throws {
        directory = "/tmp/gantry-registry-\(Identifier.randomHex(bytes: 8))"
        port = try await Self.freePort()
        try FileSystem.makeDirectories(directory)
        let config = """
            version: 0.1
            log: { level: error, accesslog: { disabled: true } }
            storage: { filesystem: { rootdirectory: \(directory)/data } }
            http: { addr: "127.0.0.1:\(port)" }
            """
        try OwnedDescriptor.open("\(directory)/config.yml", O_WRONLY | O_CREAT, mode: 0o600).writeAll(Array(config.utf8))
        let words: [String] = [Self.program, "serve", "\(directory)/config.yml"]
        var arguments: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) }
        arguments.append(nil)
        defer { for argument in arguments { free(argument) } }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0)
        // The sockets of tests that run at the same time are not for the registry: one would keep its port taken.
        posix_spawn_file_actions_addclosefrom_np(&actions, 3)
        guard posix_spawn(&process, Self.program, &actions, nil, &arguments, environ) == 0 else {
            throw GantryError.unavailable("cannot start \(Self.program)")
        }
        try await waitUntilItListens()
    }

    deinit {
        if process > 0 {
            kill(process, SIGKILL)
            waitpid(process, nil, 0)
        }
        try? FileSystem.removeTree(directory)
    }

    private static func freePort() async throws -> Int {
        let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton).bind(host: "127.0.0.1", port: 0).get()
        let port = channel.localAddress?.port ?? 0
        // Before anybody looks whether the registry listens there.
        try await channel.close()
        return port
    }

    private func waitUntilItListens() async throws {
        for _ in 0..<1000 {
            let probe = ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton).connect(host: "127.0.0.1", port: port)
            if let channel = try? await probe.get() { return try await channel.close() }
            guard waitpid(process, nil, WNOHANG) == 0 else {
                process = 0
                break
            }
            try await Task.sleep(for: .milliseconds(10))
        }
        throw GantryError.unavailable("\(Self.program) does not listen")
    }
}
