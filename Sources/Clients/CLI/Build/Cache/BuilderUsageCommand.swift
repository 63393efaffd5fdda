import DockerAPI
import EngineClient
import Essentials

/// `gantry builder du`
struct BuilderUsageCommand: EngineCommand {
    static let configuration = CommandConfiguration(commandName: "du", abstract: "Disk usage")
    static let usageLine = "[OPTIONS]"
    static let operandCount = OperandCount.none

    @Option(help: "Provide filter values") var filter: [String] = []
    @Option(help: "Format the output") var format: String?
    @Flag(help: "Shorthand for \"--format=pretty\"") var verbose = false
    var operands: [String] = []

    func run(in session: Session) async throws {
        if verbose, format != nil { throw GantryError.invalid("--format and --verbose cannot be used together") }
        let records = try await session.client.buildCacheUsage(try FlagValue.filters(filter))
        if verbose || format == "pretty" {
            session.console.text(records.map(Self.paragraph).joined(separator: "\n") + (records.isEmpty ? "" : "\n"))
            return session.console.text(Self.sum(records, isTable: false))
        }
        session.console.text(try Self.view.render(records, format: format))
        if format == nil || format == "table" { session.console.text(Self.sum(records, isTable: true)) }
    }

    private static var view: ListView<BuildCacheRecord> {
        ListView(
            typeName: "*commands.duContext",
            fields: [
                .init("ID", "ID") { $0.id + (isMutable($0) ? "*" : "") },
                .init("Reclaimable", "RECLAIMABLE") { String(!$0.inUse) },
                .init("Size", "SIZE") { ByteSize.decimal($0.size) + ($0.shared ? "*" : "") },
                .init("LastUsedAt", "LAST ACCESSED") { ago($0.lastUsedAt) },
                .init("CreatedAt", "CREATED AT") { $0.createdAt }, .init("Description", "DESCRIPTION") { $0.description },
                .init("Mutable", "MUTABLE") { String(isMutable($0)) }, .init("Shared", "SHARED") { String($0.shared) },
                .init("Type", "TYPE") { $0.type }, .init("UsageCount", "USAGE COUNT") { String($0.usageCount) },
            ],
            columns: ["ID", "Reclaimable", "Size", "LastUsedAt"])
    }

    private static func isMutable(_ record: BuildCacheRecord) -> Bool { record.type == "exec.cachemount" }

    private static func ago(_ time: String?) -> String {
        time.flatMap { Timestamp(rfc3339: $0) }.map { HumanTime.ago($0) } ?? ""
    }

    private static func paragraph(_ record: BuildCacheRecord) -> String {
        var lines = [("ID", record.id)]
        if !record.parents.isEmpty { lines.append(("Parents", record.parents.joined(separator: ", "))) }
        lines += [
            ("Created at", record.createdAt), ("Mutable", String(isMutable(record))), ("Reclaimable", String(!record.inUse)),
            ("Shared", String(record.shared)), ("Size", ByteSize.decimal(record.size)), ("Description", record.description),
            ("Usage count", String(record.usageCount)),
        ]
        if let time = record.lastUsedAt { lines.append(("Last used", ago(time))) }
        lines.append(("Type", record.type))
        return lines.map { "\($0):\(String(repeating: " ", count: max(1, 15 - $0.count)))\($1)\n" }.joined()
    }

    private static func sum(_ records: [BuildCacheRecord], isTable: Bool) -> String {
        func total(_ admits: (BuildCacheRecord) -> Bool) -> String {
            ByteSize.decimal(records.filter(admits).reduce(0) { $0 + $1.size })
        }
        var text = ""
        if records.contains(where: \.shared) {
            text += "Shared:       \(total(\.shared))\nPrivate:      \(total { !$0.shared })\n"
        }
        return text + "Reclaimable:  \(total { !$0.inUse && !$0.shared })\nTotal:        \(total { _ in true })\n"
    }
}
