import CLinux
import Essentials
import LinuxSystem
import OCI

/// Whether the kernel can run programs that are made for another processor.
/// Source: kernel, admin-guide/binfmt-misc; QEMU, user mode emulation.
enum Emulation {
    /// What the kernel of an architecture runs by itself.
    private static let native: [String: Set<String>] = ["amd64": ["amd64", "386"], "arm64": ["arm64"]]
    /// The names that QEMU has for architectures.
    private static let emulators = [
        "amd64": "x86_64", "386": "i386", "arm64": "aarch64", "arm": "arm", "riscv64": "riscv64", "ppc64le": "ppc64le",
        "s390x": "s390x", "mips64le": "mips64el", "loong64": "loongarch64",
    ]

    /// Blocks.
    /// - Throws: `unsupported` with what has to be installed.
    static func check(_ platform: Platform) throws {
        guard platform.os == "linux" else { throw GantryError.unsupported("programs for \(platform.os) cannot be run on Linux") }
        if native[Platform.host.architecture]?.contains(platform.architecture) == true { return }
        guard let emulator = emulators[platform.architecture] else {
            throw GantryError.unsupported("no emulator for the platform \(platform.text) is known")
        }
        let hint =
            "install Debian's packages `qemu-user-static` and `binfmt-support`, or build the step with `FROM --platform=$BUILDPLATFORM`"
        guard
            let entry = try entries().first(where: {
                // Distributions name the entry, others the program.
                $0.name == "qemu-\(emulator)" || $0.interpreter.contains("qemu-\(emulator)")
            })
        else {
            throw GantryError.unsupported(
                "cannot run a program for \(platform.text): no emulator for it is registered with the kernel", hint: hint)
        }
        guard entry.flags.contains("F") else {
            throw GantryError.unsupported(
                "cannot run a program for \(platform.text): the emulator `\(entry.interpreter)` is registered without the flag F, so images would have to bring it along",
                hint: hint)
        }
    }

    private struct Entry {
        var name: String
        var interpreter: String
        var flags: String
    }

    /// The enabled entries of binfmt_misc, which need not be mounted anywhere.
    private static func entries() throws -> [Entry] {
        guard let root = try mount() else { return [] }
        var result: [Entry] = []
        for name in try DirectoryReader(descriptor: root.openInRoot("/", O_RDONLY | O_DIRECTORY)).names() {
            let text = String(decoding: name, as: UTF8.self)
            if [".", "..", "register", "status"].contains(text) { continue }
            let lines = String(decoding: try root.openInRoot(text, O_RDONLY).readAll(limit: 1 << 16), as: UTF8.self).split(
                separator: "\n")
            guard lines.first == "enabled" else { continue }
            func value(_ key: String) -> String {
                lines.first { $0.hasPrefix(key) }.map { String($0.dropFirst(key.count).drop { $0 == " " }) } ?? ""
            }
            result.append(Entry(name: text, interpreter: value("interpreter"), flags: value("flags:")))
        }
        return result
    }

    /// The file system's root, mounted nowhere; nil where the kernel does not have it.
    private static func mount() throws -> OwnedDescriptor? {
        let raw = gantry_fsopen("binfmt_misc", UInt32(FSOPEN_CLOEXEC))
        if raw < 0 { return nil }
        let context = OwnedDescriptor(raw)
        try LinuxSystem.check("fsconfig", "binfmt_misc") {
            gantry_fsconfig(context.raw, UInt32(FSCONFIG_CMD_CREATE.rawValue), nil, nil, 0)
        }
        return OwnedDescriptor(
            try LinuxSystem.check("fsmount", "binfmt_misc") { gantry_fsmount(context.raw, UInt32(FSMOUNT_CLOEXEC), 0) })
    }
}
