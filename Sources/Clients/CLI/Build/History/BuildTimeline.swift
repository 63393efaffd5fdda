import DockerAPI

/// A build as a picture: a bar for each step on one axis of time, and an arrow from the end of a stage to each step that waited
/// for it. Source: SVG 1.1.
struct BuildTimeline {
    let build: BuildRecordBody

    private static let rowHeight = 22
    private static let labelWidth = 420
    private static let chartWidth = 760

    var svg: String {
        let rows = build.steps
        let total = max(1, rows.compactMap(\.endedMs).max() ?? 1)
        let height = 60 + rows.count * Self.rowHeight
        let width = Self.labelWidth + Self.chartWidth + 80
        var text =
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"\(width)\" height=\"\(height)\" font-family=\"sans-serif\" font-size=\"12\">\n"
        text += "<title>\(Self.escaped(title))</title>\n"
        text += "<text x=\"10\" y=\"20\" font-size=\"14\">\(Self.escaped(title))</text>\n"
        text += axis(total, height)
        for (row, step) in rows.enumerated() { text += bar(step, row, total) }
        for (from, to) in waits { text += arrow(from, to, total) }
        return text + "</svg>\n"
    }

    private var title: String {
        let name = build.name.isEmpty ? String(build.id.prefix(12)) : build.name
        return "\(name): \(build.status)" + (build.durationMs.map { " in \(BuildProgress.seconds(Double($0) / 1000))s" } ?? "")
    }

    /// Pairs of rows: the last step of a stage, and a step of another one that names it.
    var waits: [(from: Int, to: Int)] {
        var last: [String: Int] = [:]
        for (row, step) in build.steps.enumerated() {
            if (step.endedMs ?? 0) >= (last[step.stage].flatMap { build.steps[$0].endedMs } ?? 0) { last[step.stage] = row }
        }
        var result: [(from: Int, to: Int)] = []
        for (row, step) in build.steps.enumerated() {
            for stage in last.keys.sorted() where stage != step.stage && Self.names(stage, in: step.name) {
                if let from = last[stage] { result.append((from, row)) }
            }
        }
        return result
    }

    private static func names(_ stage: String, in instruction: String) -> Bool {
        let words = instruction.split(separator: " ").map { $0.lowercased() }
        if words.first == "from" { return words.dropFirst().first { !$0.hasPrefix("--") } == stage }
        let numbered = stage.hasPrefix("stage-") ? String(stage.dropFirst(6)) : stage
        return words.contains { word in
            word.hasPrefix("--")
                && word.split(separator: ",").contains { part in
                    let value = part.split(separator: "=").last.map(String.init)
                    return part.contains("from=") && (value == stage || value == numbered)
                }
        }
    }

    private func x(_ milliseconds: Int64, _ total: Int64) -> Int {
        Self.labelWidth + Int(milliseconds * Int64(Self.chartWidth) / total)
    }

    private func y(_ row: Int) -> Int { 44 + row * Self.rowHeight }

    private func axis(_ total: Int64, _ height: Int) -> String {
        (0...4).map { quarter in
            let time = total * Int64(quarter) / 4
            let at = x(time, total)
            return "<line x1=\"\(at)\" y1=\"36\" x2=\"\(at)\" y2=\"\(height - 14)\" stroke=\"#ddd\"/>"
                + "<text x=\"\(at)\" y=\"\(height - 2)\" fill=\"#666\" text-anchor=\"middle\">\(BuildProgress.seconds(Double(time) / 1000))s</text>\n"
        }.joined()
    }

    private func bar(_ step: BuildRecordBody.Step, _ row: Int, _ total: Int64) -> String {
        let colours = ["cached": "#9ecae1", "done": "#3182bd", "failed": "#de2d26"]
        let end = step.endedMs ?? total
        let left = x(step.startedMs, total)
        let width = max(2, x(end, total) - left)
        let label = step.name.count > 56 ? step.name.prefix(55) + "…" : step.name[...]
        let tip =
            ([step.name, "\(step.state), \(BuildProgress.seconds(Double(end - step.startedMs) / 1000, digits: 2))s"] + step.reasons)
            .joined(separator: "\n")
        return "<g><title>\(Self.escaped(tip))</title>"
            + "<text x=\"10\" y=\"\(y(row) + 13)\">\(Self.escaped("[\(step.stage)] \(label)"))</text>"
            + "<rect x=\"\(left)\" y=\"\(y(row))\" width=\"\(width)\" height=\"16\" rx=\"2\" fill=\"\(colours[step.state] ?? "#bbb")\"/></g>\n"
    }

    private func arrow(_ from: Int, _ to: Int, _ total: Int64) -> String {
        let start = x(build.steps[from].endedMs ?? total, total)
        let end = x(build.steps[to].startedMs, total)
        return
            "<path d=\"M\(start) \(y(from) + 8) L\(max(start, end) + 4) \(y(from) + 8) L\(max(start, end) + 4) \(y(to))\" fill=\"none\" stroke=\"#f0a030\"/>\n"
    }

    private static func escaped(_ text: String) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&quot;"
            case _ where scalar.value < 32 && scalar != "\n" && scalar != "\t": result += "\u{FFFD}"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}
