internal import Dockerfile
internal import Essentials
internal import OCI

/// The values that are there before the first FROM. Source: Dockerfile reference, ARG, scope and platform arguments.
struct GlobalArguments: Sendable {
    /// Declared before the first FROM.
    private(set) var declared: [String: String] = [:]
    /// TARGETPLATFORM and the like.
    let predefined: [String: String]
    /// `--build-arg` with a value.
    let given: [String: String]

    static let proxyNames: Set<String> = Set(
        ["HTTP_PROXY", "HTTPS_PROXY", "FTP_PROXY", "NO_PROXY", "ALL_PROXY"].flatMap { [$0, $0.lowercased()] })

    init(file: ParsedDockerfile, options: BuildOptions, expander: VariableExpander) throws {
        given = options.buildArguments.compactMapValues { $0 }
        let target = options.platform ?? Platform.host.normalized
        var values: [String: String] = [:]
        for (prefix, platform) in [("TARGET", target), ("BUILD", Platform.host.normalized)] {
            values["\(prefix)PLATFORM"] = Self.text(platform)
            values["\(prefix)OS"] = platform.os
            values["\(prefix)ARCH"] = platform.architecture
            values["\(prefix)VARIANT"] = platform.variant ?? ""
        }
        values["TARGETSTAGE"] = options.target.isEmpty ? file.stages.last?.displayName : options.target
        predefined = values
        for instruction in file.globalArguments {
            guard case .arg(let declarations) = instruction.body else { continue }
            for declaration in declarations {
                if let value = given[declaration.name] {
                    declared[declaration.name] = value
                } else if let text = declaration.defaultValue {
                    declared[declaration.name] = try located(instruction, file) { try expander.word(text) { self[$0] } }
                }
            }
        }
    }

    /// A value as FROM sees it.
    subscript(name: String) -> String? { declared[name] ?? predefined[name] }

    static func text(_ platform: Platform) -> String {
        "\(platform.os)/\(platform.architecture)" + (platform.variant.map { "/\($0)" } ?? "")
    }
}

/// Runs `body` and gives what it throws its place in the Dockerfile.
func located<Value>(_ instruction: Instruction, _ file: ParsedDockerfile, _ body: () throws -> Value) throws -> Value {
    do { return try body() } catch { throw BuildFailure.at(instruction, file, error) }
}
