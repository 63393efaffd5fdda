import DockerAPI
import Essentials

/// A recorded build as the words of `gantry build`.
struct RebuildArguments {
    let words: [String]

    /// - Parameters:
    ///   - context: in place of the recorded folder or address.
    ///   - secrets, agents, contexts: as given on the command line: what the record does not hold.
    /// - Throws: `invalid` with what has to be given.
    init(recipe: BuildRecipeBody, context: String?, secrets: [String], agents: [String], contexts: [String]) throws {
        try Self.check(recipe.secrets, secrets.map(Self.secretID), "the secret", "--secret id=")
        try Self.check(recipe.agents, agents.map { FlagValue.split($0).key }, "the ssh agent", "--ssh ")
        try Self.check(recipe.folders, contexts.map { FlagValue.split($0).key }, "the build context", "--build-context ")
        guard let source = context ?? recipe.remote ?? recipe.contextPath else {
            throw GantryError.invalid("the build's context was no folder", hint: "name the folder: `verify-rebuild IMAGE CONTEXT`")
        }
        var words = ["--no-cache", "--platform=\(recipe.platform)"]
        words += recipe.labels.sorted { $0.key < $1.key }.map { "--label=\($0.key)=\($0.value)" }
        if !recipe.target.isEmpty { words.append("--target=\(recipe.target)") }
        if !recipe.networkMode.isEmpty { words.append("--network=\(recipe.networkMode)") }
        words += recipe.extraHosts.map { "--add-host=\($0)" }
        if recipe.squashes { words.append("--squash") }
        words += recipe.entitlements.map { "--allow=\($0)" }
        words += recipe.contexts.sorted { $0.key < $1.key }.map { "--build-context=\($0.key)=\($0.value)" }
        words += secrets.map { "--secret=\($0)" } + agents.map { "--ssh=\($0)" } + contexts.map { "--build-context=\($0)" }
        words += ["--file=\(recipe.dockerfileName)", source]
        self.words = words
    }

    private static func check(_ wanted: [String], _ given: [String], _ what: String, _ flag: String) throws {
        guard let missing = wanted.first(where: { !given.contains($0) }) else { return }
        throw GantryError.invalid(
            "the build had \(what) `\(missing)`, which is not recorded", hint: "give it: `\(flag)\(missing)…`")
    }

    private static func secretID(_ text: String) -> String {
        text.split(separator: ",").map { FlagValue.split(String($0)) }.first { $0.key == "id" }?.value ?? ""
    }
}
