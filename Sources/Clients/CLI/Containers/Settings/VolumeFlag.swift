import CLinux
import Essentials

/// `-v [source:]destination[:options]`.
enum VolumeFlag {
    /// Those with a source, made absolute where they begin with a dot; and the destinations of those without.
    /// Source: docker CLI, volume specification.
    static func split(_ specifications: [String]) throws -> (binds: [String], anonymous: [String]) {
        var binds: [String] = []
        var anonymous: [String] = []
        for specification in specifications {
            let parts = try parts(specification)
            guard parts.count > 1 else {
                anonymous.append(specification)
                continue
            }
            var source = parts[0]
            if source.hasPrefix(".") {
                source = absolute(source)
            } else if source == "~" || source.hasPrefix("~/"), let home = getenv("HOME") {
                source = String(cString: home) + source.dropFirst()
            }
            binds.append(([source] + parts.dropFirst()).joined(separator: ":"))
        }
        return (binds, anonymous)
    }

    private static func parts(_ specification: String) throws -> [String] {
        guard !specification.isEmpty else { throw GantryError.invalid("invalid empty volume spec") }
        let parts = specification.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        guard parts.count <= 3 else { throw GantryError.invalid("invalid spec: \(specification): too many colons") }
        guard !parts.contains("") else { throw GantryError.invalid("invalid spec: \(specification): empty section between colons") }
        return parts
    }

    /// Against the current folder, without `.` and `..`.
    static func absolute(_ path: String) -> String {
        var start = path
        if !path.hasPrefix("/") {
            var buffer = [CChar](repeating: 0, count: 4096)
            let length = gantry_getcwd(&buffer, buffer.count)
            let folder =
                length > 0 ? String(decoding: buffer.prefix(Int(length) - 1).map { UInt8(bitPattern: $0) }, as: UTF8.self) : "/"
            start = folder + "/" + path
        }
        var result: [Substring] = []
        for part in start.split(separator: "/") {
            switch part {
            case ".": continue
            case "..": result = result.dropLast()
            default: result.append(part)
            }
        }
        return "/" + result.joined(separator: "/")
    }
}
