import Essentials
import LinuxSystem

/// `--env`, `--env-file` and `--label-file`.
enum EnvironmentFlags {
    /// Variables of the files, then those of the flags; a bare name takes the client's value, or nothing when it has none.
    static func variables(files: [String], pairs: [String], environment: [String: String]) throws -> [String] {
        var result: [String] = []
        for path in files { result += try lines(of: path, kind: "env", environment: environment) }
        for pair in pairs {
            guard !pair.hasPrefix("="), !pair.isEmpty else {
                throw UsageError.invalid(pair, flag: "-e, --env", "invalid environment variable: \(pair)")
            }
            if pair.contains("=") {
                result.append(pair)
            } else if let value = environment[pair] {
                result.append("\(pair)=\(value)")
            }
        }
        return result
    }

    /// The settings in a file: `key=value` per line, `#` begins a comment, nothing is unquoted.
    /// - Parameters:
    ///   - kind: `env` or `label`, for errors.
    ///   - environment: where a bare key takes its value from; a key without one is left out.
    static func lines(of path: String, kind: String, environment: [String: String]?) throws -> [String] {
        let bytes: [UInt8]
        do { bytes = try FileSystem.read(path) } catch {
            throw GantryError(error.errno == noSuchFile ? .notFound : .denied, "open \(path): \(error.reason)")
        }
        var text = bytes[...]
        if text.starts(with: [0xEF, 0xBB, 0xBF]) { text = text.dropFirst(3) }
        var result: [String] = []
        for (number, raw) in text.split(separator: 10, omittingEmptySubsequences: false).enumerated() {
            guard let line = String(validating: raw, as: UTF8.self) else {
                throw GantryError.invalid(
                    "invalid \(kind) file (\(path)): env file contains invalid utf8 bytes at line \(number + 1): \(raw)")
            }
            if let setting = try setting(line, path: path, kind: kind, environment: environment) { result.append(setting) }
        }
        return result
    }

    // ENOENT is the same everywhere on Linux; the name needs a C module that this file does without.
    private static let noSuchFile: CInt = 2

    private static func setting(_ line: String, path: String, kind: String, environment: [String: String]?) throws -> String? {
        var line = line.drop { $0.isWhitespace }
        if line.last == "\r" { line = line.dropLast() }
        guard !line.isEmpty, !line.hasPrefix("#") else { return nil }
        let (name, value) = FlagValue.split(String(line))
        let wrong = "invalid \(kind) file (\(path))"
        guard !name.isEmpty else { throw GantryError.invalid("\(wrong): no variable name on line '\(line)'") }
        guard !name.contains(where: \.isWhitespace) else {
            throw GantryError.invalid("\(wrong): variable '\(name)' contains whitespaces")
        }
        if value != nil { return String(line) }
        return environment?[name].map { "\(name)=\($0)" }
    }
}
