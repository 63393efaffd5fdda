internal import OCI

/// Docker's mounts: kernel file systems, then temporaries and binds in the order of their depth.
struct DefaultMounts {
    var options: SandboxOptions

    func all() -> [RuntimeSpecification.Mount] {
        let explicit = Set((options.binds.map(\.destination) + options.temporaries.map(\.destination)).map(MountPlanner.clean))
        var result = system().filter { !explicit.contains($0.destination) }
        if let program = options.initProgram {
            result.append(
                RuntimeSpecification.Mount(
                    destination: "/sbin/docker-init", type: "bind", source: program, options: ["bind", "ro"]))
        }
        let own = options.temporaries.map(temporary) + options.binds.map(bind)
        func depth(_ path: String) -> Int { path.split(separator: "/").count }
        return result
            + own.enumerated().sorted { (depth($0.element.destination), $0.offset) < (depth($1.element.destination), $1.offset) }
            .map(\.element)
    }

    private func system() -> [RuntimeSpecification.Mount] {
        let closed = ["nosuid", "noexec", "nodev"]
        let access = options.privileged ? [] : ["ro"]
        func mount(_ destination: String, _ type: String, _ source: String, _ options: [String]) -> RuntimeSpecification.Mount {
            RuntimeSpecification.Mount(destination: destination, type: type, source: source, options: options)
        }
        var result = [
            mount("/proc", "proc", "proc", closed),
            mount("/dev", "tmpfs", "tmpfs", ["nosuid", "strictatime", "mode=755", "size=65536k"]),
            mount("/dev/pts", "devpts", "devpts", ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"]),
            sysfs(closed + access),
            mount("/sys/fs/cgroup", "cgroup", "cgroup", (options.writableCgroups ? [] : access) + closed),
            // The queues of whichever IPC namespace the container is in.
            mount("/dev/mqueue", "mqueue", "mqueue", closed),
        ]
        guard options.hasSharedMemory else { return result }
        switch options.ipcNamespace {
        case .own:
            let size = options.sharedMemorySize > 0 ? options.sharedMemorySize : 64 << 20
            result.append(mount("/dev/shm", "tmpfs", "shm", closed + ["mode=1777", "size=\(size)"]))
        case .host: result.append(mount("/dev/shm", "bind", "/dev/shm", ["rbind", "rprivate"]))
        case .join:
            // The other container's, which the engine opens and hands over: see ``ContainerStart/trees``.
            result.append(mount("/dev/shm", "bind", "shm", ["bind", "rprivate"] + closed))
        }
        return result
    }

    /// sysfs shows the network namespace that mounts it, which must be the container's own or one made by us.
    private func sysfs(_ flags: [String]) -> RuntimeSpecification.Mount {
        RuntimeSpecification.Mount(destination: "/sys", type: "sysfs", source: "sysfs", options: flags)
    }

    private func temporary(_ temporary: SandboxOptions.Temporary) -> RuntimeSpecification.Mount {
        RuntimeSpecification.Mount(
            destination: temporary.destination, type: "tmpfs", source: "tmpfs",
            options: ["nosuid", "nodev", "noexec"] + temporary.options.filter { !$0.isEmpty })
    }

    private func bind(_ bind: SandboxOptions.Bind) -> RuntimeSpecification.Mount {
        RuntimeSpecification.Mount(
            destination: bind.destination, type: "bind", source: bind.source,
            options: [
                bind.recursive ? "rbind" : "bind", bind.readOnly ? (bind.recursive ? "rro" : "ro") : "rw",
                bind.propagation.isEmpty ? "rprivate" : bind.propagation,
            ])
    }
}
