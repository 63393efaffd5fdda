internal import BuildGraph
internal import Dockerfile
internal import Essentials
internal import LinuxSystem
internal import OCI

extension StageRunner {
    /// WORKDIR: makes the directory for the user in force.
    mutating func workdir(_ text: String, _ step: Step) async throws -> Outcome {
        let expanded = try expand(text)
        guard !expanded.isEmpty else { throw GantryError.invalid("WORKDIR requires exactly one argument") }
        let path = expanded.hasPrefix("/") ? expanded : CleanPath.clean("\(state.workingDirectory)/\(expanded)")
        state.set { $0.workingDirectory = path }
        let history = "WORKDIR \(path)"
        guard CleanPath.clean(path) != "/" else {
            state.note(history)
            return .done
        }
        let user = state.defaults.user ?? ""
        let worker = session.worker
        let ingredients = [Ingredient(.directory, "directory", path), Ingredient(.user, "user", user)]
        return try await layer(step, ingredients, history: history, followsText: true) { workspace in
            let root = try await worker.openWritable(workspace)
            try await BlockingWork.run {
                // As `--chown` takes it: a number alone is the group's too.
                let owner = try Accounts(root: root).owner(user)
                let template = WorkTree.Template(user: owner.user, group: owner.group)
                let tree = WorkTree(root)
                let place = try tree.place(path, making: template)
                if place.name.isEmpty { return }
                guard try tree.status(place.name, in: place.directory) == nil else {
                    throw GantryError.invalid("mkdir \(place.path): not a directory")
                }
                _ = try tree.makeDirectory(place.name, in: place.directory, template)
            }
        }
    }
}
