/// Says in sentences why a step was not found in the cache, by comparing its key with the nearest earlier one.
package enum MissExplanation {
    /// - Parameter earlier: what the cache offers for comparison (``StepCache/relatives(of:description:limit:)``).
    /// - Returns: at least one sentence.
    package static func sentences(_ key: StepKey, earlier: [CachedStep]) -> [String] { causes(key, earlier: earlier).map(\.text) }

    /// As ``sentences(_:earlier:)``, with what changed for programs.
    package static func causes(_ key: StepKey, earlier: [CachedStep]) -> [MissCause] {
        guard let nearest = nearest(key, earlier) else { return [MissCause("first build of this step", kind: "first")] }
        let step = short(key.description)
        var result: [MissCause] = []
        func sentence(_ step: String, _ ingredient: Ingredient, was: String?, is now: String?, _ key: StepKey) -> MissCause {
            MissCause(
                Self.sentence(step, ingredient, was: was, is: now, key), kind: ingredient.kind.rawValue, name: ingredient.name,
                old: was, new: now)
        }
        let old = Dictionary(nearest.ingredients.map { (Name($0), $0.value) }, uniquingKeysWith: { first, _ in first })
        let new = Dictionary(key.ingredients.map { (Name($0), $0.value) }, uniquingKeysWith: { first, _ in first })
        for ingredient in key.ingredients {
            guard let before = old[Name(ingredient)] else {
                result.append(sentence(step, ingredient, was: nil, is: ingredient.value, key))
                continue
            }
            if before != ingredient.value { result.append(sentence(step, ingredient, was: before, is: ingredient.value, key)) }
        }
        for ingredient in nearest.ingredients where new[Name(ingredient)] == nil {
            result.append(sentence(step, ingredient, was: ingredient.value, is: nil, key))
        }
        if result.isEmpty { result.append(MissCause("\(step): its result is no longer there", kind: "gone")) }
        return result
    }

    private struct Name: Hashable {
        let kind: Ingredient.Kind
        let name: String

        init(_ ingredient: Ingredient) {
            kind = ingredient.kind
            name = ingredient.name
        }
    }

    /// The earlier step with the most equal ingredients; the first of several, as the cache sorts the likeliest first.
    private static func nearest(_ key: StepKey, _ earlier: [CachedStep]) -> CachedStep? {
        let wanted = Set(key.ingredients)
        var best: (step: CachedStep, score: Int)?
        for step in earlier {
            var score = step.ingredients.reduce(0) { $0 + (wanted.contains($1) ? 2 : 0) }
            if step.place == key.place { score += 3 }
            if step.description == key.description { score += 4 }
            if score > (best?.score ?? -1) { best = (step, score) }
        }
        return best?.step
    }

    private static func sentence(_ step: String, _ ingredient: Ingredient, was: String?, is now: String?, _ key: StepKey) -> String
    {
        switch ingredient.kind {
        case .parent:
            return "\(step): its parent changed" + (key.parentStep.map { " (step \($0))" } ?? "")
        case .base: return "\(step): the base image `\(ingredient.name)` changed"
        case .instruction: return "\(step): its text changed, was `\(short(was ?? ""))`"
        case .file:
            if was == nil { return "\(step): \(ingredient.name) was added" }
            guard let now, let was else { return "\(step): \(ingredient.name) was removed" }
            return "\(step): \(ingredient.name) changed\(FileFacts.difference(was, now))"
        case .environment: return change("ENV", ingredient.name, was, now)
        case .argument: return change("ARG", ingredient.name, was, now)
        case .flag, .mount, .setting: return "\(step): " + change("option", ingredient.name, was, now)
        case .user, .directory, .shell, .network, .platform:
            let noun = ["directory": "working directory"][ingredient.kind.rawValue] ?? ingredient.kind.rawValue
            return "\(step): the \(noun) was `\(was ?? "")`, is `\(now ?? "")`"
        }
    }

    private static func change(_ noun: String, _ name: String, _ was: String?, _ now: String?) -> String {
        switch (was, now) {
        case (nil, let now?): "\(noun) \(name): is new, \(now)"
        case (let was?, nil): "\(noun) \(name): was \(was), is gone"
        default: "\(noun) \(name): was \(was ?? ""), is \(now ?? "")"
        }
    }

    private static func short(_ text: String) -> String {
        let line = text.split(separator: "\n", maxSplits: 1).first.map(String.init) ?? ""
        return line.count > 60 ? line.prefix(59) + "…" : line
    }
}
