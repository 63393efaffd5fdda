import DockerAPI
import Dockerfile
import Essentials

/// The daemon's answer to a call other than a build, as people read it.
struct BuildReport {
    let call: BuildCall
    /// JSON of the type that goes with the call.
    let json: String

    /// - Returns: the text, and the exit status that goes with it.
    func render() throws -> (text: String, status: Int32) {
        switch call.kind {
        case "check":
            let report = try EngineJSON.decode(CheckReport.self, from: json.utf8)
            let status: Int32 = report.warnings.isEmpty || call.ignoresStatus ? 0 : 1
            return (call.isJSON ? try checkJSON(report) : report.text, status)
        case "outline":
            return (call.isJSON ? json + "\n" : outline(try EngineJSON.decode(DockerfileOutline.Target.self, from: json.utf8)), 0)
        default:
            return (call.isJSON ? json + "\n" : targets(try EngineJSON.decode(DockerfileOutline.Targets.self, from: json.utf8)), 0)
        }
    }

    /// Docker's tools give the text as base64 under `data`.
    private func checkJSON(_ report: CheckReport) throws -> String {
        let warnings = report.warnings.map { warning in
            let ranges = warning.location.ranges.map { range in
                JSONValue.object([
                    "start": .object(["line": .integer(Int64(range.start.line))]),
                    "end": .object(["line": .integer(Int64(range.end.line))]),
                ])
            }
            return JSONValue.object([
                "ruleName": .string(warning.ruleName), "description": .string(warning.description), "url": .string(warning.url),
                "detail": .string(warning.detail),
                "location": .object(["sourceIndex": .integer(0), "ranges": .array(ranges)]),
            ])
        }
        let sources = report.sources.map { source in
            JSONValue.object([
                "filename": .string(source.filename), "language": .string(source.language),
                "data": .string(Base64.encode(Array(source.text.utf8))),
            ])
        }
        return try JSONText.pretty(.object(["warnings": .array(warnings), "sources": .array(sources)])) + "\n"
    }

    private func targets(_ targets: DockerfileOutline.Targets) -> String {
        let rows = targets.targets.map { target -> [String] in
            let name = target.isDefault ? (target.name.isEmpty ? "(default)" : "\(target.name) (default)") : target.name
            return [name, target.description]
        }
        return Self.table(["TARGET", "DESCRIPTION"], rows)
    }

    private func outline(_ target: DockerfileOutline.Target) -> String {
        var text = ""
        if !target.name.isEmpty { text += "TARGET:      \(target.name)\n" }
        if !target.description.isEmpty { text += "DESCRIPTION: \(target.description)\n" }
        if !text.isEmpty { text += "\n" }
        text += Self.table(["BUILD ARG", "VALUE", "DESCRIPTION"], target.args.map { [$0.name, $0.value, $0.description] })
        for (title, list) in [("SECRET", target.secrets), ("SSH", target.ssh)] where !list.isEmpty {
            text += "\n" + Self.table([title, "REQUIRED"], list.map { [$0.name, $0.required ? "true" : "false"] })
        }
        return text
    }

    /// Columns three spaces apart.
    private static func table(_ head: [String], _ rows: [[String]]) -> String {
        let all = [head] + rows
        let widths = head.indices.map { column in all.map { $0[column].count }.max() ?? 0 }
        return all.map { row in
            var line = ""
            for (column, cell) in row.enumerated() {
                line += column == row.count - 1 ? cell : cell + String(repeating: " ", count: widths[column] - cell.count + 3)
            }
            while line.hasSuffix(" ") { line.removeLast() }
            return line + "\n"
        }.joined()
    }
}
