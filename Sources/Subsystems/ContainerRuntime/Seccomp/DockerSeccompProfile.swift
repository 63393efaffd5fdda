internal import FoundationEssentials
internal import OCI

/// A profile as users write it for Docker: rules with conditions on capabilities and machines. The OCI form is a part of it.
struct DockerSeccompProfile: Decodable {
    struct Condition: Decodable {
        var caps: [String]?
        var arches: [String]?
        var minKernel: String?

        /// True when one of what it names is there; empty lists do not count.
        func holds(_ capabilities: Set<String>, _ machine: String) -> (capabilities: Bool?, machine: Bool?) {
            let caps = (caps ?? []).isEmpty ? nil : self.caps!.contains { capabilities.contains($0) }
            let arches = (arches ?? []).isEmpty ? nil : self.arches!.contains(machine)
            return (caps, arches)
        }
    }

    struct Rule: Decodable {
        var name: String?
        var names: [String]?
        var action: String
        var errnoRet: UInt32?
        var args: [LinuxSeccomp.Condition]?
        var includes: Condition?
        var excludes: Condition?
    }

    struct ArchitectureMap: Decodable {
        var architecture: String
        var subArchitectures: [String]?
    }

    var defaultAction: String
    var defaultErrnoRet: UInt32?
    var architectures: [String]?
    var archMap: [ArchitectureMap]?
    var syscalls: [Rule]?

    /// Applies the conditions.
    static func resolve(
        _ bytes: [UInt8], capabilities: Set<String>, machine: String = DefaultSeccomp.machine
    ) throws -> LinuxSeccomp {
        let profile = try JSONDecoder().decode(DockerSeccompProfile.self, from: Data(bytes))
        let native = machine == "arm64" ? "SCMP_ARCH_AARCH64" : "SCMP_ARCH_X86_64"
        let mapped = profile.archMap?.first { $0.architecture == native }
        let rules = (profile.syscalls ?? []).compactMap { rule -> LinuxSeccomp.Rule? in
            if let includes = rule.includes?.holds(capabilities, machine),
                includes.capabilities == false || includes.machine == false
            {
                return nil
            }
            if let excludes = rule.excludes?.holds(capabilities, machine), excludes.capabilities == true || excludes.machine == true
            {
                return nil
            }
            return LinuxSeccomp.Rule(
                names: (rule.names ?? []) + (rule.name.map { [$0] } ?? []), action: rule.action, errnoRet: rule.errnoRet,
                args: rule.args)
        }
        return LinuxSeccomp(
            defaultAction: profile.defaultAction, defaultErrnoRet: profile.defaultErrnoRet,
            architectures: profile.architectures ?? mapped.map { [$0.architecture] + ($0.subArchitectures ?? []) }, syscalls: rules)
    }
}
