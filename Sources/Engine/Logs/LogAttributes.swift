import Essentials

/// The labels and variables of a container that are told with each line of its log.
enum LogAttributes {
    static func select(_ selection: LogConfiguration.AttributeSelection, of record: ContainerRecord) throws -> [String: String] {
        var result: [String: String] = [:]
        let labels = record.settings.labels
        for key in selection.labels { result[key] = labels[key] }
        if let pattern = selection.labelPattern {
            let regex = try Regex(pattern)
            for (key, value) in labels where key.contains(regex) { result[key] = value }
        }
        var variables: [String: String] = [:]
        for entry in record.settings.environment {
            guard let equals = entry.firstIndex(of: "=") else { continue }
            variables[String(entry[..<equals])] = String(entry[entry.index(after: equals)...])
        }
        for key in selection.variables { result[key] = variables[key] ?? result[key] }
        if let pattern = selection.variablePattern {
            let regex = try Regex(pattern)
            for (key, value) in variables where key.contains(regex) { result[key] = value }
        }
        return result
    }

    /// A JSON object with its keys in order; empty text for no attributes.
    static func json(_ attributes: [String: String]) -> String {
        if attributes.isEmpty { return "" }
        return "{" + attributes.sorted { $0.key < $1.key }.map { "\(quoted($0.key)):\(quoted($0.value))" }.joined(separator: ",")
            + "}"
    }

    private static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"", "\\": result += "\\\(scalar)"
            case _ where scalar.value < 32:
                let digits = String(scalar.value, radix: 16)
                result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }
}
