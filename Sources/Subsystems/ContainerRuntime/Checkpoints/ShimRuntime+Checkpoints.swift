internal import CLinux
internal import Essentials
internal import LinuxSystem
internal import Logging

/// Checkpoints of containers: criu writes them, and a start with ``ContainerStart/restore`` goes on from one.
/// `docs/design/008-checkpoints.md` has the reasons.
extension ShimRuntime {
    /// Writes the state of a container's processes. Unless they are to run on they have been killed when this returns.
    /// - Throws: `unsupported` where criu is missing or cannot work and for containers that it cannot describe, `unavailable` with
    ///   criu's own words when it fails; the container then runs on.
    package func checkpoint(_ id: String, processID: Int32, _ request: CheckpointRequest) async throws {
        try requireProcess(processID, in: id)
        if OtherRuntime.of(stateDirectory: directory(id)) != nil {
            throw GantryError.unsupported("containers of another runtime cannot be checkpointed")
        }
        if try !UserNamespace.isOwn(open("ns/user", O_RDONLY, of: processID, in: id)) {
            throw GantryError.unsupported("containers in a user namespace cannot be checkpointed")
        }
        try checkRoot(id, processID)
        let criu = try await Criu.ready()
        let note = try note(id, processID, request)
        let log = "dump.log"
        var arguments = [
            "--tree", "\(processID)", "--images-dir", request.directory, "--work-dir", request.workDirectory, "--log-file", log,
            "--network-lock", "nftables",
        ]
        if let key = note.network { arguments += ["--external", "\(try Self.namespace("net", of: "\(processID)")):\(key)"] }
        for stream in note.streams where stream.hasPrefix("file") { arguments += ["--external", stream] }
        for point in note.mounts { arguments += ["--external", "mnt[\(point)]:\(point)"] }
        if request.leavesRunning { arguments.append("--leave-running") }
        // First, so that a dump that outlives its caller is whole.
        try note.save(in: request.directory)
        do { try await criu.dump(arguments + request.options.arguments, log: "\(request.workDirectory)/\(log)") } catch {
            try CheckpointNote.remove(from: request.directory)
            throw error
        }
    }

    /// A restore mounts on `/tmp` for a moment, or makes a directory in the root where there is none.
    private func checkRoot(_ id: String, _ processID: Int32) throws {
        let root = try open("root", O_PATH | O_DIRECTORY, of: processID, in: id)
        var status = statvfs()
        try check("fstatvfs") { fstatvfs(root.raw, &status) }
        guard status.f_flag & UInt(ST_RDONLY) != 0 else { return }
        do { _ = try root.openInRoot("/tmp", O_PATH | O_DIRECTORY | O_NOFOLLOW) } catch {
            throw GantryError.unsupported(
                "a container whose root is read-only and has no directory `/tmp` cannot be checkpointed", cause: error)
        }
    }

    /// The plan of a start that goes on from a checkpoint.
    func plan(
        _ restore: RestoreRequest, _ request: ContainerStart, cgroupPath: String, outOfMemoryFile: String?
    ) async throws -> Plan {
        let note = try CheckpointNote.read(from: restore.directory)
        guard note.cgroupPath == cgroupPath else {
            throw GantryError.invalid(
                "the checkpoint is of the control group `\(note.cgroupPath)`, not of `\(cgroupPath)`",
                hint: "restore it under the container's own name, or with its `linux.cgroupsPath`")
        }
        guard request.inherited == nil || !note.isMinded else {
            throw GantryError.invalid("the checkpoint is of a container that somebody waited for: it cannot be left alone now")
        }
        return try RestorePlanner(
            criu: try await Criu.ready(), request: request, restore: restore, note: note, stateDirectory: directory(request.id),
            cgroups: cgroups.layout, outOfMemoryFile: outOfMemoryFile
        ).plan()
    }

    private func note(_ id: String, _ processID: Int32, _ request: CheckpointRequest) throws -> CheckpointNote {
        guard let cgroupPath = ShimState(directory(id)).cgroupPath() else {
            throw GantryError.internal("the container's control group is not known")
        }
        let isHosts = try Self.namespace("net", of: "\(processID)") == Self.namespace("net", of: "self")
        let parent = try FileSystem.readText("/proc/\(processID)/stat").split(separator: ")").last?.split(separator: " ")
        let parentID = parent.flatMap { $0.count > 1 ? Int32($0[1]) : nil } ?? 0
        let name = (try? FileSystem.readText("/proc/\(parentID)/comm", limit: 64)) ?? ""
        let mounts = try FileSystem.readText("/proc/\(processID)/mountinfo")
        return CheckpointNote(
            mounts: ForeignMounts.points(container: mounts, host: try FileSystem.readText("/proc/self/mountinfo")),
            streams: (0..<3).map { Self.stream($0, of: processID, mounts) },
            network: request.hasOwnNetwork || isHosts ? nil : "gantry-network", cgroupPath: cgroupPath,
            isMinded: name.hasPrefix("gantry-shim"))
    }

    /// See ``CheckpointNote/streams``.
    private static func stream(_ number: Int, of processID: Int32, _ mounts: String) -> String {
        let path = "/proc/\(processID)/fd/\(number)"
        guard let link = try? FileSystem.readLink(path) else { return "" }
        if link.hasPrefix("pipe:") { return link }
        // Source: proc(5), /proc/pid/fdinfo.
        let details = (try? FileSystem.readText("/proc/\(processID)/fdinfo/\(number)", limit: 4096)) ?? ""
        let mount = details.split(separator: "\n").first { $0.hasPrefix("mnt_id:") }?.split(separator: "\t").last
        guard link.hasPrefix("/"), let mount, let mountID = Int(mount),
            !mounts.split(separator: "\n").contains(where: { $0.hasPrefix("\(mountID) ") }),
            let status = try? FileStatus(path, follow: true)
        else { return "" }
        return "file[\(String(mountID, radix: 16)):\(String(status.inode, radix: 16))]"
    }

    /// `net[4026531840]`, as criu names it; the kernel writes a colon in between.
    private static func namespace(_ kind: String, of process: String) throws -> String {
        try FileSystem.readLink("/proc/\(process)/ns/\(kind)").filter { $0 != ":" }
    }
}
