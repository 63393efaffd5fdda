/// The flags of a command as `--help` lists them. Source: docker CLI: by name, short names first, values by a word for their kind.
enum FlagTable {
    static func text(_ flags: [DeclaredFlag]) -> String {
        let rows = flags.filter { !$0.help.isHidden }.map(row).sorted { $0.name < $1.name }
        let width = rows.map(\.left.count).max() ?? 0
        return rows.map { row in
            row.right.isEmpty ? row.left : row.left + String(repeating: " ", count: width - row.left.count + 3) + row.right
        }.joined(separator: "\n")
    }

    private static func row(_ flag: DeclaredFlag) -> (name: String, left: String, right: String) {
        let name = flag.names.first { $0.utf8.count > 1 } ?? ""
        let short = flag.names.first { $0.utf8.count == 1 }
        var left = short.map { "  -\($0), " } ?? "      "
        left += "--\(name)"
        if !flag.valueWord.isEmpty { left += " \(flag.valueWord)" }
        let standard = flag.defaultValue.isEmpty ? "" : "(default \(flag.defaultValue))"
        return (name, left, [flag.help.text, standard].filter { !$0.isEmpty }.joined(separator: " "))
    }
}
