internal import DockerAPI
internal import Engine
internal import Essentials

extension BuildRecordBody {
    init(_ entry: BuildHistoryEntry) {
        self.init(id: entry.id, name: entry.name, startedAt: entry.startedAt.rfc3339)
        status = entry.status.rawValue
        durationMs = entry.durationMs
        image = entry.image
        error = entry.error
        recipe = entry.recipe.map(BuildRecipeBody.init)
        steps = entry.steps.map { step in
            var body = Step(id: step.id, name: step.name, stage: step.stage, startedMs: step.startedMs)
            body.endedMs = step.endedMs
            body.state = step.state.rawValue
            body.reasons = step.reasons
            return body
        }
    }
}

extension BuildRecipeBody {
    init(_ recipe: BuildRecipe) {
        self.init(dockerfile: recipe.dockerfile, dockerfileName: recipe.dockerfileName)
        ignoreRules = recipe.ignoreRules
        arguments = recipe.arguments
        labels = recipe.labels
        target = recipe.target
        platform = recipe.platform
        networkMode = recipe.networkMode
        extraHosts = recipe.extraHosts
        squashes = recipe.squashes
        entitlements = recipe.entitlements
        contextPath = recipe.contextPath
        remote = recipe.remote
        contexts = recipe.contexts
        folders = recipe.folders
        secrets = recipe.secrets
        agents = recipe.agents
        bases = recipe.bases
    }
}
