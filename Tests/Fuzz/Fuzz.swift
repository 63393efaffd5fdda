import Dockerfile
import Glibc
import LinuxSystem

/// Bytes that libFuzzer makes up, for one part that reads what others write.
///
///     gantry-fuzz PART [OPTION...] [DIRECTORY...]     options and corpus directories are libFuzzer's
///     gantry-fuzz seeds DIRECTORY                     writes a first corpus, a directory for each part
@main
struct Fuzz {
    /// What is given to libFuzzer: 0 for "go on".
    typealias Body = @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt

    /// A crash, a hang, or a failed precondition is a finding.
    static let parts: [(name: String, body: Body)] = [
        ("dockerfile", { DockerfileFuzz.run(bytes($0, $1)) }), ("specification", { SpecificationFuzz.run(bytes($0, $1)) }),
        ("plan", { PlanFuzz.run(bytes($0, $1)) }),
    ]

    static func main() throws {
        let arguments = CommandLine.arguments
        if arguments.count == 3, arguments[1] == "seeds" { return try Seeds.write(to: arguments[2]) }
        guard arguments.count > 1, let part = parts.first(where: { $0.name == arguments[1] }) else {
            print("usage: gantry-fuzz \(parts.map(\.name).joined(separator: "|")) [OPTION...] [DIRECTORY...] | seeds DIRECTORY")
            exit(2)
        }
        var words: [UnsafeMutablePointer<CChar>?] = ([arguments[0]] + arguments.dropFirst(2)).map { strdup($0) } + [nil]
        var count = CInt(words.count - 1)
        let code = words.withUnsafeMutableBufferPointer { words in
            var list = words.baseAddress
            return runDriver(&count, &list, part.body)
        }
        exit(code)
    }

    private static func bytes(_ start: UnsafePointer<UInt8>?, _ count: Int) -> [UInt8] {
        Array(UnsafeBufferPointer(start: start, count: count))
    }
}

/// libFuzzer's loop. Source: LLVM documentation, "Using libFuzzer as a library".
@_silgen_name("LLVMFuzzerRunDriver")
private func runDriver(
    _ count: UnsafeMutablePointer<CInt>, _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?>,
    _ body: Fuzz.Body
) -> CInt
