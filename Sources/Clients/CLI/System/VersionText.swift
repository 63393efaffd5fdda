/// The server's half of `version`.
enum VersionText {
    /// Lines `name:   value` whose values begin in the same column.
    static func block(_ heading: String, indent: Int, _ rows: [(String, String)]) -> String {
        let space = String(repeating: " ", count: indent)
        return heading
            + rows.map { name, value in
                "\(space)\(name):\(String(repeating: " ", count: max(1, 19 - indent - name.count)))\(value)\n"
            }.joined()
    }

    /// - Parameter answer: of the daemon (Engine API 1.51, SystemVersion).
    static func server(_ answer: Value) -> String {
        func text(_ key: String) -> String { answer[key]?.string ?? "" }
        let platform = answer["Platform"]?["Name"]?.string ?? ""
        var result = "\nServer:\(platform.isEmpty ? "" : " \(platform)")\n"
        var hasEngine = false
        for component in answer["Components"]?.array ?? [] {
            let name = component["Name"]?.string ?? ""
            let details = component["Details"]
            func detail(_ key: String) -> String { details?[key]?.string ?? "" }
            var rows = [("Version", component["Version"]?.string ?? "")]
            if name == "Engine" {
                hasEngine = true
                rows += engineRows(api: detail("ApiVersion"), minimum: detail("MinAPIVersion"), detail)
            } else {
                rows.append(("GitCommit", detail("GitCommit")))
            }
            result += block(" \(name):\n", indent: 2, rows)
        }
        if !hasEngine {
            let rows = [("Version", text("Version"))] + engineRows(api: text("ApiVersion"), minimum: text("MinAPIVersion"), text)
            result += block(" Engine:\n", indent: 2, rows)
        }
        return result
    }

    private static func engineRows(api: String, minimum: String, _ text: (String) -> String) -> [(String, String)] {
        var rows = [("API version", "\(api) (minimum version \(minimum))")]
        // A daemon that is not written in Go says nothing here.
        if !text("GoVersion").isEmpty { rows.append(("Go version", text("GoVersion"))) }
        rows.append(("Git commit", text("GitCommit")))
        if !text("BuildTime").isEmpty { rows.append(("Built", text("BuildTime"))) }
        rows.append(("OS/Arch", "\(text("Os"))/\(text("Arch"))"))
        rows.append(("Experimental", text("Experimental").isEmpty ? "false" : text("Experimental")))
        return rows
    }

    /// The answer with the names that templates use where they differ from those in JSON.
    static func withGoNames(_ answer: Value) -> Value {
        guard case .object(var members) = answer else { return answer }
        members["APIVersion"] = members["ApiVersion"] ?? .string("")
        if members["KernelVersion"] == nil { members["KernelVersion"] = .string("") }
        if members["Experimental"] == nil { members["Experimental"] = .bool(false) }
        return .object(members)
    }
}
