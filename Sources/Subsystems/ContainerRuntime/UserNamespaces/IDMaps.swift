internal import CLinux
internal import Essentials
internal import LinuxSystem
internal import OCI

/// The maps of a user namespace. Source: user_namespaces(7).
struct IDMaps: Sendable, Equatable {
    var users: [RuntimeSpecification.IDMapping]
    var groups: [RuntimeSpecification.IDMapping]

    /// - Parameter field: what the maps belong to, for messages.
    /// - Throws: `invalid` for maps that the kernel would refuse without saying why.
    init(users: [RuntimeSpecification.IDMapping]?, groups: [RuntimeSpecification.IDMapping]?, field: String) throws(GantryError) {
        self.users = users ?? []
        self.groups = groups ?? []
        for (name, map) in [("uidMappings", self.users), ("gidMappings", self.groups)] {
            guard !map.isEmpty else { throw .invalid("`\(field).\(name)` is empty, and a user namespace needs it") }
            guard map.count <= 340 else { throw .invalid("`\(field).\(name)` has \(map.count) entries; the kernel takes 340") }
            try Self.check(map, "\(field).\(name)")
        }
    }

    private static func check(_ map: [RuntimeSpecification.IDMapping], _ field: String) throws(GantryError) {
        for (index, entry) in map.enumerated() {
            let fits = [entry.containerID, entry.hostID].allSatisfy { UInt64($0) + UInt64(entry.size) <= 1 << 32 }
            guard entry.size > 0, fits else { throw .invalid("`\(field)[\(index)]` has the invalid size \(entry.size)") }
            for other in map[..<index] {
                let overlaps =
                    meets(entry.containerID, other.containerID, entry.size, other.size)
                    || meets(entry.hostID, other.hostID, entry.size, other.size)
                if overlaps { throw .invalid("`\(field)[\(index)]` overlaps an entry before it") }
            }
        }
    }

    private static func meets(_ first: UInt32, _ second: UInt32, _ firstSize: UInt32, _ secondSize: UInt32) -> Bool {
        UInt64(first) < UInt64(second) + UInt64(secondSize) && UInt64(second) < UInt64(first) + UInt64(firstSize)
    }

    /// Whether a container's id has one on the host.
    static func covers(_ map: [RuntimeSpecification.IDMapping], _ id: UInt32) -> Bool {
        map.contains { id >= $0.containerID && UInt64(id) < UInt64($0.containerID) + UInt64($0.size) }
    }

    static func text(_ map: [RuntimeSpecification.IDMapping]) -> String {
        map.map { "\($0.containerID) \($0.hostID) \($0.size)\n" }.joined()
    }

    /// Whether this process, without rights on the host, can write the maps itself: its own ids alone, and no setgroups.
    var isOwnAlone: Bool {
        users.count == 1 && users[0].size == 1 && users[0].hostID == geteuid() && groups.count == 1 && groups[0].size == 1
            && groups[0].hostID == getegid()
    }

    /// Writes the maps of a process that has just entered a new user namespace.
    /// - Parameter isPrivileged: this process may map any id; otherwise newuidmap(1) and newgidmap(1) do, by /etc/subuid and subgid.
    func write(to process: Int32, isPrivileged: Bool) async throws {
        if isPrivileged || isOwnAlone {
            if !isPrivileged { try Self.put("deny", in: "/proc/\(process)/setgroups") }
            try Self.put(Self.text(groups), in: "/proc/\(process)/gid_map")
            return try Self.put(Self.text(users), in: "/proc/\(process)/uid_map")
        }
        for (program, map) in [("newgidmap", groups), ("newuidmap", users)] {
            let arguments = map.flatMap { ["\($0.containerID)", "\($0.hostID)", "\($0.size)"] }
            let result: ProgramRun.Outcome
            do { result = try await ProgramRun.run([program, "\(process)"] + arguments, searchPath: true) } catch let error
                as SystemError
                where error.errno == ENOENT
            {
                throw GantryError.unsupported(
                    "mapping ids without root needs `\(program)`", cause: error, hint: "install the package uidmap")
            }
            guard result.code == 0 else {
                throw GantryError.denied(
                    "`\(program)` refused the mapping: \(result.output)",
                    hint: "the ranges must be yours by /etc/subuid and /etc/subgid")
            }
        }
    }

    private static func put(_ text: String, in path: String) throws {
        do { try FileSystem.writeControl(path, text) } catch {
            throw GantryError.denied("the kernel refused the mapping of ids", cause: error)
        }
    }

    /// A user namespace with these maps and no process, for mounts whose ids are mapped.
    func namespace() throws -> OwnedDescriptor { try namespaces(others: []).user }

    /// A user namespace and others that belong to it.
    /// - Parameter others: CLONE_NEW… flags with the names of /proc/<process>/ns.
    func namespaces(others: [(flag: CInt, name: String)]) throws -> (user: OwnedDescriptor, others: [OwnedDescriptor]) {
        var raw: CInt = -1
        let flags = others.reduce(UInt64(0)) { $0 | UInt64(UInt32(bitPattern: $1.flag)) }
        let process = try LinuxSystem.check("clone3", "user namespace") { gantry_user_namespace_process(&raw, flags) }
        let handle = OwnedDescriptor(raw)
        defer {
            gantry_pidfd_send_signal(handle.raw, SIGKILL)
            waitpid(process, nil, 0)
        }
        try Self.put(Self.text(groups), in: "/proc/\(process)/gid_map")
        try Self.put(Self.text(users), in: "/proc/\(process)/uid_map")
        func open(_ name: String) throws(SystemError) -> OwnedDescriptor {
            try OwnedDescriptor.open("/proc/\(process)/ns/\(name)", O_RDONLY)
        }
        return (try open("user"), try others.map { try open($0.name) })
    }
}
