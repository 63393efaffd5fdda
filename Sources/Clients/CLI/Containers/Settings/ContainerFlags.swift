/// The flags that `run` and `create` share, as the user wrote them. Source: docker CLI, `run`.
struct ContainerFlags: ParsableArguments {
    // Streams
    @Option(name: .shortAndLong, help: "Attach to STDIN, STDOUT or STDERR") var attach: [String] = []
    @Flag(name: .shortAndLong, help: "Keep STDIN open even if not attached") var interactive = false
    @Flag(name: .shortAndLong, help: "Allocate a pseudo-TTY") var tty = false

    // What runs
    @Option(help: "Overwrite the default ENTRYPOINT of the image") var entrypoint: String?
    @Option(name: .shortAndLong, help: "Set environment variables") var env: [String] = []
    @Option(help: "Read in a file of environment variables") var envFile: [String] = []
    @Option(name: .shortAndLong, help: "Username or UID (format: <name|uid>[:<group|gid>])") var user = ""
    @Option(name: .shortAndLong, help: "Working directory inside the container") var workdir = ""
    @Option(name: .customLong("name"), help: "Assign a name to the container") var containerName = ""
    @Option(name: .shortAndLong, help: "Set meta data on a container") var label: [String] = []
    @Option(help: "Read in a line delimited file of labels") var labelFile: [String] = []
    @Option(help: "Add an annotation to the container (passed through to the OCI runtime)") var annotation: [String] = []
    @Option(help: "Write the container ID to the file") var cidfile = ""
    @Option(help: "Set platform if server is multi-platform capable") var platform: String?
    @Option(help: "Pull image before running (always, missing, never)") var pull = "missing"
    @Flag(name: .shortAndLong, help: "Suppress the pull output") var quiet = false

    // Life
    @Flag(help: "Automatically remove the container and its anonymous volumes when it exits") var rm = false
    @Option(help: "Restart policy to apply when a container exits") var restart = "no"
    @Option(help: "Signal to stop the container") var stopSignal: String?
    @Option(help: "Timeout (in seconds) to stop a container") var stopTimeout: String?
    @Flag(name: .customLong("init"), help: "Run an init inside the container that forwards signals and reaps processes")
    var usesInit = false
    @Option(help: "Command to run to check health") var healthCmd: String?
    @Option(help: "Time between running the check (ms|s|m|h)") var healthInterval: String?
    @Option(help: "Maximum time to allow one check to run (ms|s|m|h)") var healthTimeout: String?
    @Option(help: "Consecutive failures needed to report unhealthy") var healthRetries: String?
    @Option(help: "Start period before failures count (ms|s|m|h)") var healthStartPeriod: String?
    @Option(help: "Time between checks during the start period (ms|s|m|h)") var healthStartInterval: String?
    @Flag(help: "Disable any container-specified HEALTHCHECK") var noHealthcheck = false
    @Option(help: "Logging driver for the container") var logDriver = ""
    @Option(help: "Log driver options") var logOpt: [String] = []

    @OptionGroup var host: HostFlags
    @OptionGroup var network: NetworkFlags
    @OptionGroup var resources: ResourceFlags
}

/// Mounts, privileges and namespaces.
struct HostFlags: ParsableArguments {
    @Option(name: .shortAndLong, help: "Bind mount a volume") var volume: [String] = []
    @Option(help: "Attach a filesystem mount to the container") var mount: [String] = []
    @Option(help: "Mount a tmpfs directory") var tmpfs: [String] = []
    @Option(help: "Mount volumes from the specified container(s)") var volumesFrom: [String] = []
    @Option(help: "Optional volume driver for the container") var volumeDriver = ""
    @Option(help: "Storage driver options for the container") var storageOpt: [String] = []
    @Flag(help: "Mount the container's root filesystem as read only") var readOnly = false
    @Flag(help: "Bind mount the API socket into the container") var useApiSocket = false

    @Flag(help: "Give extended privileges to this container") var privileged = false
    @Option(help: "Add Linux capabilities") var capAdd: [String] = []
    @Option(help: "Drop Linux capabilities") var capDrop: [String] = []
    @Option(help: "Security options") var securityOpt: [String] = []
    @Option(help: "Add additional groups to join") var groupAdd: [String] = []
    @Option(help: "Sysctl options") var sysctl: [String] = []
    @Option(help: "Runtime to use for this container") var runtime = ""

    @Option(help: "IPC mode to use") var ipc = ""
    @Option(help: "PID namespace to use") var pid = ""
    @Option(help: "UTS namespace to use") var uts = ""
    @Option(help: "User namespace to use") var userns = ""
    @Option(help: "Cgroup namespace to use (host|private)") var cgroupns = ""
    @Option(help: "Optional parent cgroup for the container") var cgroupParent = ""
    @Option(help: "Container isolation technology") var isolation = ""
}

/// Addresses, names and ports.
struct NetworkFlags: ParsableArguments {
    @Option(name: [.long, .customLong("net")], help: "Connect a container to a network") var network: [String] = []
    @Option(name: [.long, .customLong("net-alias")], help: "Add network-scoped alias for the container") var networkAlias:
        [String] = []
    @Option(name: .shortAndLong, help: "Publish a container's port(s) to the host") var publish: [String] = []
    @Flag(name: [.customShort("P"), .long], help: "Publish all exposed ports to random ports") var publishAll = false
    @Option(help: "Expose a port or a range of ports") var expose: [String] = []
    @Option(name: [.customShort("h"), .long], help: "Container host name") var hostname = ""
    @Option(help: "Container NIS domain name") var domainname = ""
    @Option(help: "Add a custom host-to-IP mapping (host:ip)") var addHost: [String] = []
    @Option(help: "Set custom DNS servers") var dns: [String] = []
    @Option(name: [.long, .customLong("dns-opt")], help: "Set DNS options") var dnsOption: [String] = []
    @Option(help: "Set custom DNS search domains") var dnsSearch: [String] = []
    @Option(help: "IPv4 address (e.g., 172.30.100.104)") var ip = ""
    @Option(help: "IPv6 address (e.g., 2001:db8::33)") var ip6 = ""
    @Option(help: "Container IPv4/IPv6 link-local addresses") var linkLocalIp: [String] = []
    @Option(help: "Container MAC address (e.g., 92:d0:c6:0a:29:33)") var macAddress = ""
    @Option(help: "Add link to another container") var link: [String] = []
}

/// Limits and devices.
struct ResourceFlags: ParsableArguments {
    @Option(name: .shortAndLong, help: "Memory limit") var memory: String?
    @Option(help: "Memory soft limit") var memoryReservation: String?
    @Option(help: "Swap limit equal to memory plus swap: -1 to enable unlimited swap") var memorySwap: String?
    @Option(help: "Tune container memory swappiness (0 to 100)") var memorySwappiness: String?
    @Option(help: .hidden) var kernelMemory: String?
    @Flag(help: "Disable OOM Killer") var oomKillDisable = false
    @Option(help: "Tune host's OOM preferences (-1000 to 1000)") var oomScoreAdj: String?
    @Option(help: "Tune container pids limit (set -1 for unlimited)") var pidsLimit: String?
    @Option(help: "Size of /dev/shm") var shmSize: String?

    @Option(help: "Number of CPUs") var cpus: String?
    @Option(name: [.customShort("c"), .long], help: "CPU shares (relative weight)") var cpuShares: String?
    @Option(help: "Limit CPU CFS (Completely Fair Scheduler) period") var cpuPeriod: String?
    @Option(help: "Limit CPU CFS (Completely Fair Scheduler) quota") var cpuQuota: String?
    @Option(help: "Limit CPU real-time period in microseconds") var cpuRtPeriod: String?
    @Option(help: "Limit CPU real-time runtime in microseconds") var cpuRtRuntime: String?
    @Option(help: "CPUs in which to allow execution (0-3, 0,1)") var cpusetCpus = ""
    @Option(help: "MEMs in which to allow execution (0-3, 0,1)") var cpusetMems = ""

    @Option(help: "Block IO (relative weight), between 10 and 1000, or 0 to disable") var blkioWeight: String?
    @Option(help: "Block IO weight (relative device weight)") var blkioWeightDevice: [String] = []
    @Option(help: "Limit read rate (bytes per second) from a device") var deviceReadBps: [String] = []
    @Option(help: "Limit write rate (bytes per second) to a device") var deviceWriteBps: [String] = []
    @Option(help: "Limit read rate (IO per second) from a device") var deviceReadIops: [String] = []
    @Option(help: "Limit write rate (IO per second) to a device") var deviceWriteIops: [String] = []
    @Option(help: "Add a host device to the container") var device: [String] = []
    @Option(help: "Add a rule to the cgroup allowed devices list") var deviceCgroupRule: [String] = []
    @Option(help: "GPU devices to add to the container ('all' to pass all GPUs)") var gpus: [String] = []
    @Option(help: "Ulimit options") var ulimit: [String] = []

    // Windows only: taken and not used, as by docker on Linux.
    @Option(help: "CPU count (Windows only)") var cpuCount: String?
    @Option(help: "CPU percent (Windows only)") var cpuPercent: String?
    @Option(help: "Maximum IO bandwidth limit for the system drive (Windows only)") var ioMaxbandwidth: String?
    @Option(help: "Maximum IOps limit for the system drive (Windows only)") var ioMaxiops: String?
}
