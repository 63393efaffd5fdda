import DockerAPI
import EngineClient
import Essentials

/// `gantry image layers`
struct ImageLayersCommand: EngineCommand {
    static let configuration = CommandConfiguration(
        commandName: "layers", abstract: "Show what each layer of an image brought, and what of it is wasted")
    static let usageLine = "[OPTIONS] IMAGE"
    static let operandCount = OperandCount.exactly(1)

    @Flag(help: "As JSON") var json = false
    @Flag(help: "Don't truncate output") var noTrunc = false
    var operands: [String] = []

    func run(in session: Session) async throws {
        let body = try await session.client.imageLayers(operands[0])
        if json { return session.console.write(try EngineJSON.line(body)) }
        session.console.text(Self.text(body, full: noTrunc))
    }

    static func text(_ body: ImageLayersBody, full: Bool) -> String {
        var rows = [["SIZE", "ADDED", "CHANGED", "REMOVED", "WASTED", "LAYER"]]
        for (number, layer) in body.layers.enumerated() {
            let mark = number == 0 ? "" : String(repeating: " ", count: min(number - 1, 8) * 1) + "└ "
            let line = layer.instruction.replacing("\n", with: " ")
            let text = full || line.count <= 70 ? line : line.prefix(69) + "…"
            rows.append([
                ByteSize.decimal(layer.size), String(layer.added), String(layer.changed), String(layer.removed),
                layer.wasted > 0 ? ByteSize.decimal(layer.wasted) : "-", mark + (text.isEmpty ? layer.diffID : text),
            ])
        }
        let widths = rows[0].indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
        var text = rows.map { row in
            row.enumerated().map { column, cell in
                column == row.count - 1 ? cell : cell + String(repeating: " ", count: widths[column] - cell.count + 3)
            }.joined() + "\n"
        }.joined()
        let permille = Int((body.efficiency * 1000).rounded())
        text += "\nefficiency: \(permille / 10).\(permille % 10) %\n"
        if !body.waste.isEmpty {
            text += "\noverwritten or deleted later:\n"
            for waste in body.waste.prefix(full ? 20 : 8) { text += "  \(ByteSize.decimal(waste.size))  \(waste.path)\n" }
        }
        return text
    }
}
