import CLinux
import ContainerRuntime
import Essentials

/// The host's `ps`, with only the lines that concern a container.
enum ProcessTable {
    static func show(_ processes: [Int32], _ options: [String]) async throws {
        let text = try await HostProgram.output(["ps"] + options)
        let lines = text.split(separator: "\n")
        guard let header = lines.first else { throw GantryError.unavailable("`ps` printed nothing") }
        guard let column = header.split(whereSeparator: \.isWhitespace).firstIndex(of: "PID") else {
            throw GantryError.invalid("the options of ps leave the column PID out")
        }
        print(header)
        let wanted = Set(processes)
        for line in lines.dropFirst() {
            let fields = line.split(whereSeparator: \.isWhitespace)
            if column < fields.count, let number = Int32(fields[column]), wanted.contains(number) { print(line) }
        }
    }
}
