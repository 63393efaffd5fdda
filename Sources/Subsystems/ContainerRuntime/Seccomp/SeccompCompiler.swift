internal import CLinux
internal import CSeccomp
internal import Essentials
internal import LinuxSystem
package import OCI
internal import Synchronization

/// Compiles a filter to the kernel's bytes with libseccomp. The last few are kept: nearly all containers share one.
package final class SeccompCompiler: Sendable {
    package static let shared = SeccompCompiler()

    private let cache = Mutex<[(LinuxSeccomp, [UInt8])]>([])

    /// - Throws: `invalid` for an action, comparison or architecture that does not exist.
    package func compile(_ profile: LinuxSeccomp) throws -> [UInt8] {
        if let known = cache.withLock({ $0.first { $0.0 == profile }?.1 }) { return known }
        let program = try Self.program(profile)
        cache.withLock { cache in
            cache.append((profile, program))
            if cache.count > 8 { cache.removeFirst() }
        }
        return program
    }

    private static func program(_ profile: LinuxSeccomp) throws -> [UInt8] {
        let standard = try action(profile.defaultAction, profile.defaultErrnoRet)
        guard let context = seccomp_init(standard) else { throw GantryError.internal("libseccomp made no filter") }
        defer { seccomp_release(context) }
        for name in profile.architectures ?? [] {
            let number = seccomp_arch_resolve_name(String(name.dropFirst("SCMP_ARCH_".count)).lowercased())
            guard name.hasPrefix("SCMP_ARCH_"), number != 0 else {
                throw GantryError.invalid("unknown seccomp architecture `\(name)`")
            }
            let code = seccomp_arch_add(context, number)
            guard code == 0 || code == -EEXIST || code == -EINVAL || code == -EDOM else {
                throw SystemError("seccomp_arch_add", name, errno: -code)
            }
        }
        // A binary tree over the calls instead of a list; older libraries know only the list.
        _ = seccomp_attr_set(context, SCMP_FLTATR_CTL_OPTIMIZE, 2)
        _ = seccomp_attr_set(context, SCMP_FLTATR_CTL_NNP, 0)
        var highest: CInt = -1
        for rule in profile.syscalls ?? [] {
            let action = try action(rule.action, rule.errnoRet)
            for name in rule.names {
                let number = seccomp_syscall_resolve_name(name)
                // A call that this library does not know cannot be filtered by name; it is covered by the stub below.
                guard number != __NR_SCMP_ERROR else { continue }
                highest = max(highest, number)
                if action == standard { continue }
                try add(rule, name, number, action, to: context)
            }
        }
        let program = try export(context)
        return standard == errorAction(EPERM) && highest > 0 ? stub(highest: UInt32(highest)) + program : program
    }

    /// Several conditions on one argument are alternatives to libseccomp only as rules of their own.
    private static func add(
        _ rule: LinuxSeccomp.Rule, _ name: String, _ number: CInt, _ action: UInt32, to context: scmp_filter_ctx
    ) throws {
        let conditions = try (rule.args ?? []).map { try comparison($0) }
        let repeated = Set(conditions.map(\.arg)).count != conditions.count
        for group in repeated ? conditions.map({ [$0] }) : [conditions] {
            let code = seccomp_rule_add_array(context, action, number, UInt32(group.count), group)
            guard code == 0 else {
                throw GantryError.invalid("seccomp rule for `\(name)`", cause: SystemError("seccomp_rule_add", name, errno: -code))
            }
        }
    }

    private static func comparison(_ condition: LinuxSeccomp.Condition) throws(GantryError) -> scmp_arg_cmp {
        let operators: [String: scmp_compare] = [
            "SCMP_CMP_NE": SCMP_CMP_NE, "SCMP_CMP_LT": SCMP_CMP_LT, "SCMP_CMP_LE": SCMP_CMP_LE, "SCMP_CMP_EQ": SCMP_CMP_EQ,
            "SCMP_CMP_GE": SCMP_CMP_GE, "SCMP_CMP_GT": SCMP_CMP_GT, "SCMP_CMP_MASKED_EQ": SCMP_CMP_MASKED_EQ,
        ]
        guard let op = operators[condition.op], condition.index < 6 else {
            throw .invalid("invalid seccomp condition `\(condition.op)`")
        }
        return scmp_arg_cmp(arg: condition.index, op: op, datum_a: condition.value, datum_b: condition.valueTwo ?? 0)
    }

    static func errorAction(_ code: CInt) -> UInt32 { 0x0005_0000 | UInt32(code) & 0xFFFF }

    private static func action(_ name: String, _ code: UInt32?) throws(GantryError) -> UInt32 {
        switch name {
        case "SCMP_ACT_KILL", "SCMP_ACT_KILL_THREAD": 0
        case "SCMP_ACT_KILL_PROCESS": 0x8000_0000
        case "SCMP_ACT_TRAP": 0x0003_0000
        case "SCMP_ACT_ERRNO": errorAction(CInt(truncatingIfNeeded: code ?? UInt32(EPERM)))
        case "SCMP_ACT_TRACE": 0x7FF0_0000 | (code ?? UInt32(EPERM)) & 0xFFFF
        case "SCMP_ACT_NOTIFY": 0x7FC0_0000
        case "SCMP_ACT_LOG": 0x7FFC_0000
        case "SCMP_ACT_ALLOW": 0x7FFF_0000
        default: throw .invalid("unknown seccomp action `\(name)`")
        }
    }

    private static func export(_ context: scmp_filter_ctx) throws -> [UInt8] {
        let file = OwnedDescriptor(try check("memfd_create") { gantry_memfd_create("seccomp", UInt32(MFD_CLOEXEC)) })
        let code = seccomp_export_bpf(context, file.raw)
        guard code == 0 else { throw SystemError("seccomp_export_bpf", errno: -code) }
        try check("lseek") { lseek(file.raw, 0, SEEK_SET) }
        return try file.readAll(limit: 65535 * 8)
    }

    /// Calls newer than the newest that the profile names answer ENOSYS, so that a libc falls back instead of failing:
    /// load architecture; not ours: skip all; load the number; x32 or not above `highest`: skip; return ENOSYS.
    private static func stub(highest: UInt32) -> [UInt8] {
        let native = seccomp_arch_native()
        func instruction(_ code: UInt16, _ yes: UInt8, _ no: UInt8, _ value: UInt32) -> [UInt8] {
            withUnsafeBytes(of: code) { Array($0) } + [yes, no] + withUnsafeBytes(of: value) { Array($0) }
        }
        return instruction(0x20, 0, 0, 4) + instruction(0x15, 0, 4, native) + instruction(0x20, 0, 0, 0)
            + instruction(0x45, 2, 0, native == 0xC000_003E ? 0x4000_0000 : 0) + instruction(0x25, 0, 1, highest)
            + instruction(0x06, 0, 0, errorAction(ENOSYS))
    }
}
