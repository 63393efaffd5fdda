internal import DockerAPI

/// The configuration in the body of a commit, said in Dockerfile lines.
enum CommitChanges {
    static func lines(_ config: ContainerConfig) -> [String] {
        var lines = (config.env ?? []).map { "ENV \(assignment($0))" }
        for (key, value) in (config.labels ?? [:]).sorted(by: { $0.key < $1.key }) {
            lines.append("LABEL \(quoted(key))=\(quoted(value))")
        }
        for port in (config.exposedPorts ?? [:]).keys.sorted() { lines.append("EXPOSE \(port)") }
        for path in (config.volumes ?? [:]).keys.sorted() { lines.append("VOLUME \(list([path]))") }
        if !config.user.isEmpty { lines.append("USER \(config.user)") }
        if !config.workingDir.isEmpty { lines.append("WORKDIR \(config.workingDir)") }
        if let entrypoint = config.entrypoint { lines.append("ENTRYPOINT \(list(entrypoint))") }
        if let command = config.cmd { lines.append("CMD \(list(command))") }
        if let signal = config.stopSignal { lines.append("STOPSIGNAL \(signal)") }
        for trigger in config.onBuild ?? [] { lines.append("ONBUILD \(trigger)") }
        return lines
    }

    private static func assignment(_ entry: String) -> String {
        let parts = entry.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        return "\(parts[0])=\(quoted(parts.count > 1 ? String(parts[1]) : ""))"
    }

    private static func quoted(_ text: String) -> String {
        var result = "\""
        for character in text {
            if "\"\\$".contains(character) { result.append("\\") }
            result.append(character)
        }
        return result + "\""
    }

    private static func list(_ words: [String]) -> String {
        (try? EngineJSON.encode(words)).map { String(decoding: $0, as: UTF8.self) } ?? "[]"
    }
}
