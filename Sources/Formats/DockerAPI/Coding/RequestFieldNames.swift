/// The field names of request bodies, whose case clients may get wrong without being refused by Go's decoder.
enum RequestFieldNames {
    static let byLowerCase: [String: String] = Dictionary(
        all.split(whereSeparator: \.isWhitespace).map { ($0.lowercased(), String($0)) }, uniquingKeysWith: { first, _ in first })

    private static let all = """
        Aliases Annotations ArgsEscaped AttachStderr AttachStdin AttachStdout Attachable AutoRemove AuxiliaryAddresses
        BindOptions Binds BlkioDeviceReadBps BlkioDeviceReadIOps BlkioDeviceWriteBps BlkioDeviceWriteIOps BlkioWeight
        BlkioWeightDevice CapAdd CapDrop Capabilities Cgroup CgroupParent CgroupPermissions CgroupnsMode CheckDuplicate Cmd
        Config ConfigFrom ConfigOnly Consistency ConsoleSize Container ContainerIDFile Count CpuCount CpuPercent CpuPeriod
        CpuQuota CpuRealtimePeriod CpuRealtimeRuntime CpuShares CpusetCpus CpusetMems CreateMountpoint DNSNames Detach
        DetachKeys DeviceCgroupRules DeviceIDs DeviceRequests Devices Dns DnsOptions DnsSearch Domainname Driver DriverConfig
        DriverOpts EnableIPv4 EnableIPv6 EndpointConfig EndpointID EndpointsConfig Entrypoint Env ExposedPorts ExtraHosts Force
        Gateway GlobalIPv6Address GlobalIPv6PrefixLen GroupAdd GwPriority Hard Healthcheck HostConfig HostIp HostPort Hostname
        IOMaximumBandwidth IOMaximumIOps IPAM IPAMConfig IPAddress IPPrefixLen IPRange IPv4Address IPv6Address IPv6Gateway Image
        ImageOptions Ingress Init Internal Interval IpcMode Isolation KernelMemoryTCP Labels LinkLocalIPs Links LogConfig
        MacAddress MaskedPaths MaximumRetryCount Memory MemoryReservation MemorySwap MemorySwappiness Mode Mounts Name NanoCpus
        Network NetworkDisabled NetworkID NetworkMode NetworkingConfig NoCopy NonRecursive OnBuild OomKillDisable OomScoreAdj
        OpenStdin Options Path PathInContainer PathOnHost PidMode PidsLimit PortBindings Privileged Propagation PublishAllPorts
        Rate ReadOnly ReadOnlyForceRecursive ReadOnlyNonRecursive ReadonlyPaths ReadonlyRootfs RestartPolicy Retries Runtime
        Scope SecurityOpt Shell ShmSize SizeBytes Soft Source StartInterval StartPeriod StdinOnce StopSignal StopTimeout
        StorageOpt Subnet Subpath Sysctls Target Test Timeout Tmpfs TmpfsOptions Tty Type UTSMode Ulimits User UsernsMode
        VolumeDriver VolumeOptions Volumes VolumesFrom Weight WorkingDir
        """
}
