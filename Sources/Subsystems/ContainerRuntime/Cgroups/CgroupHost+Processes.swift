internal import CLinux
internal import Essentials
internal import LinuxSystem

extension CgroupHost {
    /// All processes of a container, those in groups that it made below its own too, in no order.
    package func processIDs(_ id: String) throws -> [Int32] {
        let directory = layout.isUnified ? directories(id)[0] : (self.directory(id, controller: "freezer") ?? directories(id)[0])
        return try processIDs(in: directory)
    }

    private func processIDs(in directory: String) throws -> [Int32] {
        var result: [Int32] = []
        do throws(SystemError) {
            result = try FileSystem.readText("\(directory)/cgroup.procs").split(separator: "\n").compactMap { Int32($0) }
        } catch {
            // Gone meanwhile, or a v2 group of threads, whose processes the group above lists.
            if [ENOENT, ENODEV].contains(error.errno) { return [] }
            guard error.errno == EOPNOTSUPP else { throw error }
        }
        for child in try subgroups(directory) { result += try processIDs(in: child) }
        return result
    }

    private func subgroups(_ directory: String) throws -> [String] {
        guard FileSystem.exists(directory) else { return [] }
        return try FileSystem.list(directory).map { "\(directory)/\($0)" }.filter { (try? FileStatus($0).kind) == .directory }
    }

    /// Stops all processes of the container where they are, and returns when they have stopped.
    package func freeze(_ id: String) async throws { try await setFrozen(id, true) }

    package func thaw(_ id: String) async throws { try await setFrozen(id, false) }

    private func setFrozen(_ id: String, _ frozen: Bool) async throws {
        guard let directory = directory(id, controller: "freezer") else {
            throw GantryError.unsupported("pausing needs the cgroup controller `freezer`, which the host lacks")
        }
        let (file, value, stateFile, wanted) =
            layout.isUnified
            ? ("cgroup.freeze", frozen ? "1" : "0", "cgroup.events", "frozen \(frozen ? 1 : 0)")
            : ("freezer.state", frozen ? "FROZEN" : "THAWED", "freezer.state", frozen ? "FROZEN" : "THAWED")
        for attempt in 0..<500 {
            // v1 may stay FREEZING while a process is between two states: writing again makes it try again.
            if attempt == 0 || !layout.isUnified { try FileSystem.writeControl("\(directory)/\(file)", value) }
            let state = try FileSystem.readText("\(directory)/\(stateFile)")
            if state.split(separator: "\n").contains(Substring(wanted)) { return }
            try await Task.sleep(for: .milliseconds(2))
        }
        if frozen { try? FileSystem.writeControl("\(directory)/\(file)", layout.isUnified ? "0" : "THAWED") }
        throw GantryError(.timedOut, "the container's processes did not \(frozen ? "stop" : "go on") within a second")
    }

    /// Ends every process of the container; those that end are still to be waited for.
    package func killAll(_ id: String) throws {
        let directory = directories(id)[0]
        if layout.isUnified, FileSystem.exists("\(directory)/cgroup.kill") {
            return try FileSystem.writeControl("\(directory)/cgroup.kill", "1")
        }
        for process in try processIDs(id) where kill(process, SIGKILL) != 0 && gantry_errno() != ESRCH {
            throw SystemError.last("kill", "\(process)")
        }
        // A frozen process dies when it is thawed.
        if let freezer = self.directory(id, controller: "freezer"), !layout.isUnified, FileSystem.exists(freezer) {
            try FileSystem.writeControl("\(freezer)/freezer.state", "THAWED")
        }
    }

    /// Ends what is left in the container's groups and removes them. Blocks up to two seconds for processes that are ending.
    package func remove(_ id: String) throws {
        isInhabited(id)
        let scope = Result { if driver == .systemd { try endScope(id) } }
        for directory in directories(id) { try endGroup(id, directory) { try removeGroup(directory) } }
        unregister(id)
        try scope.get()
    }

    /// The scope's own directory is systemd's: one that goes before systemd has seen it empty leaves it a unit that never ends.
    private func endScope(_ id: String) throws {
        for directory in directories(id) { try endGroup(id, directory) { try removeBelow(directory) } }
        try SystemdManager().stopScope(ScopeName(path: path(of: id)).unit)
    }

    /// Ends processes until `removal` no longer fails for their sake.
    private func endGroup(_ id: String, _ directory: String, removal: () throws -> Void) throws {
        let end = ContinuousClock.now + .seconds(2)
        while FileSystem.exists(directory) {
            do { return try removal() } catch let error as SystemError {
                guard error.errno == EBUSY, ContinuousClock.now < end else {
                    throw GantryError.unavailable("the control group `\(directory)` is still in use", cause: error)
                }
                try killAll(id)
                // Nothing tells when a dead process has left its group: the kernel is asked again.
                usleep(500)
            }
        }
    }

    private func removeBelow(_ directory: String) throws {
        for child in try subgroups(directory) { try removeGroup(child) }
    }

    private func removeGroup(_ directory: String) throws {
        if rmdir(directory) == 0 || gantry_errno() == ENOENT { return }
        try removeBelow(directory)
        if rmdir(directory) != 0, gantry_errno() != ENOENT { throw SystemError.last("rmdir", directory) }
    }
}
