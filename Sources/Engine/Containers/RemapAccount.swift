import Essentials
import LinuxSystem

/// The account that lends its subordinate ids when the daemon is to map ids and nobody's in particular (`userns-remap=default`).
enum RemapAccount {
    static let name = "dockremap"
    /// Ids that a new range has.
    private static let count: UInt64 = 65536
    /// Below are the ids of accounts. Source: login.defs(5), SUB_UID_MIN.
    private static let first: UInt64 = 100_000
    private static let directories = ["/usr/sbin", "/sbin", "/usr/bin", "/bin"]

    /// Makes the account, and ranges for it behind all others, where either is missing, as Docker does. Blocks.
    /// - Throws: `unavailable` when the host's tools cannot; what is there then stays.
    static func ensure() throws(GantryError) {
        let passwd = try read("/etc/passwd")
        if !passwd.split(separator: "\n").contains(where: { $0.hasPrefix("\(name):") }) {
            try run("useradd", ["--system", "--shell", "/bin/false", name])
        }
        let (users, groups) = (try read("/etc/subuid"), try read("/etc/subgid"))
        let start = next(after: [users, groups])
        let range = "\(start)-\(start + count - 1)"
        var options: [String] = []
        if !isNamed(in: users) { options += ["--add-subuids", range] }
        if !isNamed(in: groups) { options += ["--add-subgids", range] }
        if !options.isEmpty { try run("usermod", options + [name]) }
    }

    /// The first id that is in no range, and behind all that are.
    static func next(after files: [String]) -> UInt64 {
        let ends = files.flatMap { $0.split(separator: "\n") }.compactMap { line -> UInt64? in
            let fields = line.split(separator: ":").map(String.init)
            guard fields.count == 3, let start = UInt64(fields[1]), let count = UInt64(fields[2]) else { return nil }
            return start &+ count
        }
        return max(first, ends.max() ?? 0)
    }

    private static func isNamed(in file: String) -> Bool { file.split(separator: "\n").contains { $0.hasPrefix("\(name):") } }

    private static func read(_ path: String) throws(GantryError) -> String {
        guard FileSystem.exists(path) else { return "" }
        do { return try FileSystem.readText(path, limit: 1 << 20) } catch {
            throw .unavailable("cannot look for the account `\(name)`", cause: error)
        }
    }

    private static func run(_ program: String, _ arguments: [String]) throws(GantryError) {
        let hint =
            "make it by hand: useradd --system --shell /bin/false \(name); then give it a range, such as \(name):100000:65536, in "
            + "/etc/subuid and /etc/subgid"
        guard let path = directories.map({ "\($0)/\(program)" }).first(where: { FileSystem.exists($0) }) else {
            throw .unavailable("the account `\(name)` is missing, and so is the program `\(program)` to make it", hint: hint)
        }
        do {
            let result = try HostProgram.runBlocking([path] + arguments)
            guard result.status == 0 else {
                throw GantryError.unavailable("`\(program)` ended with \(result.status): \(result.output)")
            }
        } catch { throw .unavailable("cannot make the account `\(name)`", cause: error, hint: hint) }
    }
}
