import Essentials

/// A bake target as the words of `gantry build`.
struct BakeWords {
    let words: [String]
    /// Contexts that are other targets: by their names, those targets'.
    let targetContexts: [String: String]
    /// The Dockerfile's text where the target holds it.
    let dockerfileText: String?

    /// - Parameter isWanted: false for a target that is only another one's context: it goes nowhere itself.
    init(_ target: BakeTarget, isWanted: Bool) {
        var words: [String] = []
        func add(_ flag: String, _ items: [String]) { words += items.map { "--\(flag)=\($0)" } }
        func add(_ flag: String, _ members: [String: String?]) {
            // A name without a value takes it from the environment.
            words += members.sorted { $0.key < $1.key }.map { name, value in "--\(flag)=\(name)" + (value.map { "=\($0)" } ?? "") }
        }
        var contexts = target.map("contexts")
        var targets: [String: String] = [:]
        for case (let name, let value?) in contexts where value.hasPrefix("target:") {
            targets[name] = String(value.dropFirst(7))
            contexts[name] = nil
        }
        targetContexts = targets
        dockerfileText = target.text("dockerfile-inline")
        add("build-arg", target.map("args"))
        add("label", target.map("labels"))
        add("build-context", contexts)
        words += target.map("extra-hosts").sorted { $0.key < $1.key }.map { "--add-host=\($0.key)=\($0.value ?? "")" }
        for (flag, key) in [
            ("annotation", "annotations"), ("attest", "attest"), ("cache-from", "cache-from"), ("cache-to", "cache-to"),
            ("allow", "entitlements"), ("no-cache-filter", "no-cache-filter"), ("platform", "platforms"), ("secret", "secret"),
            ("ssh", "ssh"), ("ulimit", "ulimits"),
        ] { add(flag, target.list(key)) }
        if isWanted {
            add("tag", target.list("tags"))
            add("output", target.list("output"))
        }
        for (flag, key) in [("target", "target"), ("network", "network"), ("shm-size", "shm-size"), ("call", "call")] {
            if let value = target.text(key), !value.isEmpty { words.append("--\(flag)=\(value)") }
        }
        if target.flag("no-cache") == true { words.append("--no-cache") }
        if target.flag("pull") == true { words.append("--pull") }
        let context = target.text("context") ?? "."
        let file = target.text("dockerfile") ?? "Dockerfile"
        if case .directory = BuildCommand.source(context), !file.hasPrefix("/"), dockerfileText == nil {
            // Seen from the context, where `gantry build` sees it from the current folder.
            words.append("--file=\(context.hasSuffix("/") ? context : context + "/")\(file)")
        } else {
            words.append("--file=\(file)")
        }
        self.words = words + ["--", context]
    }
}
