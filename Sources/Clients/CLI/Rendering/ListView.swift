import Essentials

/// How a list of one kind of thing is shown: which fields there are, their headers, and which the plain table has.
///
/// One place decides between table, JSON, raw and template for every list. Source: docker CLI, `--format` of lists.
struct ListView<Row>: Sendable {
    struct Field: Sendable {
        /// The placeholder's name, `ID`.
        var name: String
        /// `CONTAINER ID`.
        var header: String
        var value: @Sendable (Row) -> Value

        init(_ name: String, _ header: String, _ value: @escaping @Sendable (Row) -> String) {
            self.name = name
            self.header = header
            self.value = { .string(value($0)) }
        }

        init(_ name: String, _ header: String, value: @escaping @Sendable (Row) -> Value) {
            self.name = name
            self.header = header
            self.value = value
        }
    }

    /// What errors call a row, `*formatter.ContainerContext`.
    var typeName: String
    var fields: [Field]
    /// Names of the fields of the plain table.
    var columns: [String]
    /// Key and field of the format `raw`.
    var rawKeys: [(key: String, field: String)]
    /// Labels of a row, for `.Label "key"`.
    var labels: (@Sendable (Row) -> [String: String])?

    init(
        typeName: String, fields: [Field], columns: [String], rawKeys: [(key: String, field: String)] = [],
        labels: (@Sendable (Row) -> [String: String])? = nil
    ) {
        self.typeName = typeName
        self.fields = fields
        self.columns = columns
        self.rawKeys = rawKeys
        self.labels = labels
    }

    /// The list as text.
    /// - Parameter format: nil or empty for the plain table; `table`, `table TEMPLATE`, `json`, `raw` or a template.
    /// - Throws: ``GantryError`` in Docker's words for a template that cannot be parsed or executed.
    func render(_ rows: [Row], format: String?) throws -> String {
        let format = format ?? ""
        switch format {
        case "", "table":
            return try renderTable(rows, Template(columns.map { "{{.\($0)}}" }.joined(separator: "\t")))
        case "json": return rows.map { record($0).json + "\n" }.joined()
        case "raw" where !rawKeys.isEmpty:
            return rows.map { row in
                let record = record(row)
                return rawKeys.map { "\($0.key): \(record.field($0.field))\n" }.joined() + "\n"
            }.joined()
        default: break
        }
        if format.hasPrefix("table ") || format.hasPrefix("table\t") {
            return try renderTable(rows, Self.parse(String(format.dropFirst(6))))
        }
        let template = try Self.parse(format)
        return try rows.map { try Self.execute(template, on: record($0)) + "\n" }.joined()
    }

    /// The fields that a template looks at; nil when it takes a row as a whole.
    static func fieldNames(of format: String) throws -> Set<String>? {
        try parse(format).fieldNames
    }

    private static func parse(_ format: String) throws -> Template {
        // A shell does not turn `\t` and `\n` into tabs and newlines.
        let text = format.replacing("\\t", with: "\t").replacing("\\n", with: "\n")
        do { return try Template(text) } catch { throw GantryError.invalid("failed to parse template: \(error)") }
    }

    private static func execute(_ template: Template, on value: Value) throws -> String {
        do { return try template.execute(on: value) } catch {
            throw GantryError.invalid("failed to execute template: \(error)")
        }
    }

    private func renderTable(_ rows: [Row], _ template: Template) throws -> String {
        var table = Table()
        var headers: [String: Value] = [:]
        for field in fields { headers[field.name] = .string(field.header) }
        let head = Value.record(Value.Record(typeName: typeName, fields: headers, labels: labels == nil ? nil : [:]))
        add(try template.executeForHeader(on: head), to: &table)
        for row in rows { add(try Self.execute(template, on: record(row)), to: &table) }
        return table.text
    }

    private func add(_ text: String, to table: inout Table) {
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            table.add(line.split(separator: "\t", omittingEmptySubsequences: false).map(String.init))
        }
    }

    func record(_ row: Row) -> Value {
        var values: [String: Value] = [:]
        for field in fields { values[field.name] = field.value(row) }
        return .record(Value.Record(typeName: typeName, fields: values, labels: labels?(row)))
    }
}

extension Value {
    fileprivate func field(_ name: String) -> String {
        if case .record(let record) = self { record.fields[name]?.printed ?? "" } else { "" }
    }
}

extension String {
    /// Every occurrence of `part` replaced.
    func replacing(_ part: String, with other: String) -> String {
        var result = ""
        var rest = self[...]
        while let first = rest.first {
            if rest.hasPrefix(part) {
                result += other
                rest = rest.dropFirst(part.count)
            } else {
                result.append(first)
                rest = rest.dropFirst()
            }
        }
        return result
    }
}
