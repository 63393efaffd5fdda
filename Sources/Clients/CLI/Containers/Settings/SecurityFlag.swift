import DockerAPI
import Essentials
import LinuxSystem

/// `--security-opt`.
enum SecurityFlag {
    struct Result: Equatable {
        var options: [String] = []
        /// Nothing of the kernel's files is hidden.
        var showsSystemPaths = false
    }

    /// Profiles are read here: the daemon cannot see the client's files.
    static func parse(_ texts: [String]) throws -> Result {
        var result = Result()
        for text in texts {
            if text == "systempaths=unconfined" {
                result.showsSystemPaths = true
                continue
            }
            let separator = text.contains("=") ? "=" : ":"
            guard let at = text.firstIndex(of: Character(separator)) else {
                guard text == "no-new-privileges" else { throw GantryError.invalid("Invalid --security-opt: \"\(text)\"") }
                result.options.append(text)
                continue
            }
            let key = text[..<at]
            let value = String(text[text.index(after: at)...])
            if key == "seccomp", value != "unconfined", value != "builtin" {
                result.options.append("seccomp=\(try profile(value))")
            } else {
                result.options.append("\(key)=\(value)")
            }
        }
        return result
    }

    private static func profile(_ path: String) throws -> String {
        let bytes: [UInt8]
        do { bytes = try FileSystem.read(path) } catch {
            throw GantryError.invalid("opening seccomp profile (\(path)) failed: open \(path): \(error.reason)")
        }
        do { return try Value(json: bytes).json } catch {
            throw GantryError(.invalid, "compacting json for seccomp profile (\(path)) failed", cause: error)
        }
    }
}
