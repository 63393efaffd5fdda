import DockerAPI
import Essentials

/// The filters of a `prune`: those of the command line and those of the user's configuration file (`pruneFilters`).
enum PruneFilters {
    static func resolve(_ texts: [String], config: ConfigFile) throws -> Filters {
        var filters = try FlagValue.filters(texts)
        guard case .array(let defaults)? = config[value: "pruneFilters"] else { return filters }
        for text in defaults.compactMap(\.string) {
            let (key, value) = FlagValue.split(text)
            // What was typed wins over the file for labels and their negation.
            let opposite = key == "label" ? "label!" : "label"
            if let value, filters.values[key]?.contains(value) != true, filters.values[opposite]?.contains(value) != true {
                filters.add(key, value)
            }
        }
        return filters
    }
}

extension Session {
    /// Prints a warning and asks; a flag answers in advance.
    func confirmsPrune(_ warning: String, force: Bool) -> Bool {
        guard !force else { return true }
        return console.confirm("WARNING! \(warning)\nAre you sure you want to continue?")
    }
}

/// What a `prune` prints of its result.
enum PruneText {
    /// A heading with its lines and an empty line after them; nothing without lines.
    static func list(_ heading: String, _ lines: [String]) -> String {
        lines.isEmpty ? "" : "\(heading):\n" + lines.map { $0 + "\n" }.joined() + "\n"
    }

    static func total(_ bytes: Int64) -> String { "Total reclaimed space: \(ByteSize.decimal(bytes))\n" }

    static func images(_ report: ImagesPruneReport) -> String {
        let lines = report.imagesDeleted.map { item in
            item.untagged.map { "untagged: \($0)" } ?? "deleted: \(item.deleted ?? "")"
        }
        return list("Deleted Images", lines)
    }
}
