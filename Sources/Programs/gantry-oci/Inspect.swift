import ArgumentParser
import CLinux
import ContainerRuntime
import Essentials
import FoundationEssentials
import LinuxSystem
import OCI

/// What `state` prints. Source: OCI runtime-spec, runtime, State.
struct StateReport: Encodable {
    var ociVersion = "1.2.0"
    var id: String
    var status: String
    var pid: Int32?
    var bundle: String
    var annotations: [String: String]?
    var created: String

    init(_ container: StoredContainer, status: String) {
        id = container.id
        self.status = status
        pid = status == "stopped" ? 0 : container.processID
        bundle = container.bundle
        annotations = container.specification.annotations
        created = container.created
    }

    static func json(_ value: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(value), as: UTF8.self)
    }
}

struct State: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Print a container's state as JSON.")
    @OptionGroup var global: GlobalOptions
    @Argument var id: String

    func run() throws {
        let root = try RuntimeRoot(global)
        let container = try root.load(id)
        print(try StateReport.json(StateReport(container, status: root.status(container))))
    }
}

struct List: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "List containers.")
    @OptionGroup var global: GlobalOptions
    @Option(name: .shortAndLong, help: "table or json.") var format = "table"
    @Flag(name: .shortAndLong, help: "Names only.") var quiet = false

    func run() throws {
        let root = try RuntimeRoot(global)
        let all = try root.all().map { StateReport($0, status: root.status($0)) }
        guard ["table", "json"].contains(format) else {
            throw GantryError.invalid("--format must be table or json, not `\(format)`")
        }
        if quiet { return all.forEach { print($0.id) } }
        if format == "json" { return print(try StateReport.json(all)) }
        let rows =
            [["ID", "PID", "STATUS", "BUNDLE", "CREATED"]]
            + all.map { [$0.id, "\($0.pid ?? 0)", $0.status, $0.bundle, $0.created] }
        let widths = (0..<5).map { column in rows.map { $0[column].count }.max() ?? 0 }
        for row in rows {
            let cells = zip(row, widths).map { cell, width in cell + String(repeating: " ", count: width - cell.count) }
            print(cells.joined(separator: "   ").trimmingSuffix())
        }
    }
}

struct Processes: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "ps", abstract: "List the processes of a container.")
    @OptionGroup var global: GlobalOptions
    @Option(name: .shortAndLong, help: "table or json.") var format = "table"
    @Argument var id: String
    @Argument(parsing: .captureForPassthrough, help: "Options of ps for the table.") var options: [String] = []

    func run() async throws {
        let root = try RuntimeRoot(global)
        let container = try root.load(id)
        var processes = try root.runtime.cgroups.processIDs(id).sorted()
        if processes.isEmpty, root.status(container) != "stopped" { processes = [container.processID] }
        if format == "json" { return print(try StateReport.json(processes)) }
        guard format == "table" else { throw GantryError.invalid("--format must be table or json, not `\(format)`") }
        let options = self.options.first == "--" ? Array(self.options.dropFirst()) : self.options
        try await ProcessTable.show(processes, options.isEmpty ? ["-ef"] : options)
    }
}

extension String {
    func trimmingSuffix() -> String {
        var text = self
        while text.last == " " { text.removeLast() }
        return text
    }

    func padded(_ width: Int) -> String { self + String(repeating: " ", count: max(1, width - count)) }
}
