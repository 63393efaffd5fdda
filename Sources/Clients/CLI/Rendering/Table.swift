/// Text in columns as Docker lays it out: a column is as wide as its widest cell and three spaces, at least ten; the last one is
/// not padded. Source: docker's lists, Go text/tabwriter with a minimum width of 10 and a padding of 3.
struct Table: Sendable {
    var rows: [[String]] = []
    var minimumWidth: Int
    var padding: Int

    init(minimumWidth: Int = 10, padding: Int = 3) {
        self.minimumWidth = minimumWidth
        self.padding = padding
    }

    mutating func add(_ cells: [String]) { rows.append(cells) }

    /// All rows, each with a newline.
    var text: String {
        let columns = rows.map(\.count).max() ?? 0
        var widths = [Int](repeating: 0, count: columns)
        for row in rows {
            // The last cell of a row is not part of a column: it has no tab behind it.
            for (index, cell) in row.dropLast().enumerated() { widths[index] = max(widths[index], cell.unicodeScalars.count) }
        }
        widths = widths.map { $0 == 0 ? 0 : max($0 + padding, minimumWidth) }
        var result = ""
        for row in rows {
            for (index, cell) in row.enumerated() {
                result += cell
                guard index < row.count - 1 else { break }
                result += String(repeating: " ", count: max(0, widths[index] - cell.unicodeScalars.count))
            }
            result += "\n"
        }
        return result
    }
}
