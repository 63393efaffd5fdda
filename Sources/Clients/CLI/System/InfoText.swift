import DockerAPI
import Essentials

/// The server's half of `info`.
enum InfoText {
    static func server(_ info: SystemInfo) -> String {
        var text = ""
        func line(_ name: String, _ value: some CustomStringConvertible, depth: Int = 1) {
            text += "\(String(repeating: " ", count: depth))\(name): \(value)\n"
        }
        line("Containers", info.containers)
        line("Running", info.containersRunning, depth: 2)
        line("Paused", info.containersPaused, depth: 2)
        line("Stopped", info.containersStopped, depth: 2)
        line("Images", info.images)
        line("Server Version", info.serverVersion)
        line("Storage Driver", info.driver)
        for pair in info.driverStatus where pair.count >= 2 { line(pair[0], pair[1], depth: 2) }
        line("Logging Driver", info.loggingDriver)
        line("Cgroup Driver", info.cgroupDriver)
        line("Cgroup Version", info.cgroupVersion)
        text += " Plugins:\n"
        line("Volume", info.plugins.volume.joined(separator: " "), depth: 2)
        line("Network", info.plugins.network.joined(separator: " "), depth: 2)
        line("Log", info.plugins.log.joined(separator: " "), depth: 2)
        line("Swarm", info.swarm.localNodeState.isEmpty ? "inactive" : info.swarm.localNodeState)
        line("Runtimes", info.runtimes.keys.sorted().joined(separator: " "))
        line("Default Runtime", info.defaultRuntime)
        line("Init Binary", info.initBinary)
        text += security(info)
        line("Kernel Version", info.kernelVersion)
        line("Operating System", info.operatingSystem)
        line("OSType", info.osType)
        line("Architecture", info.architecture)
        line("CPUs", info.processors)
        line("Total Memory", ByteSize.binary(info.memTotal))
        line("Name", info.name)
        line("ID", info.id)
        line("Docker Root Dir", info.dockerRootDir)
        line("Debug Mode", info.debug)
        return text + rest(info)
    }

    /// `name=seccomp,profile=builtin` as a name with its settings below it.
    private static func security(_ info: SystemInfo) -> String {
        guard !info.securityOptions.isEmpty else { return "" }
        var text = " Security Options:\n"
        for option in info.securityOptions {
            let pairs = option.split(separator: ",").map { FlagValue.split(String($0)) }
            if let name = pairs.first(where: { $0.key == "name" })?.value { text += "  \(name)\n" }
            for (key, value) in pairs where key != "name" {
                text += "   \(key.prefix(1).uppercased())\(key.dropFirst()): \(value ?? "")\n"
            }
        }
        return text
    }

    private static func rest(_ info: SystemInfo) -> String {
        var text = ""
        for (name, value) in [("HTTP Proxy", info.httpProxy), ("HTTPS Proxy", info.httpsProxy), ("No Proxy", info.noProxy)]
        where !value.isEmpty {
            text += " \(name): \(value)\n"
        }
        if !info.labels.isEmpty { text += " Labels:\n" + info.labels.map { "  \($0)\n" }.joined() }
        text += " Experimental: \(info.experimentalBuild)\n"
        let insecure =
            info.registryConfig.indexConfigs.filter { !$1.secure }.keys.sorted() + info.registryConfig.insecureRegistryCIDRs
        if !insecure.isEmpty { text += " Insecure Registries:\n" + insecure.map { "  \($0)\n" }.joined() }
        if !info.registryConfig.mirrors.isEmpty {
            text += " Registry Mirrors:\n" + info.registryConfig.mirrors.map { "  \($0)\n" }.joined()
        }
        text += " Live Restore Enabled: \(info.liveRestoreEnabled)\n"
        if !info.defaultAddressPools.isEmpty {
            text +=
                " Default Address Pools:\n" + info.defaultAddressPools.map { "   Base: \($0.base), Size: \($0.size)\n" }.joined()
        }
        return text
    }
}
