/// What a build was made from, as `GET /builds/{id}` tells it. Not part of Docker's API.
package struct BuildRecipeBody: Codable, Sendable, Hashable {
    /// The Dockerfile's text.
    package var dockerfile: String
    /// Its path in the context.
    package var dockerfileName: String
    /// The rules of a Dockerfile that lay outside of the context.
    package var ignoreRules: String?
    package var arguments: [String: String] = [:]
    package var labels: [String: String] = [:]
    package var target = ""
    package var platform = ""
    package var networkMode = ""
    package var extraHosts: [String] = []
    package var squashes = false
    package var entitlements: [String] = []
    /// The client's folder; nil when the context was none.
    package var contextPath: String?
    /// The context's address.
    package var remote: String?
    /// Named contexts, as `--build-context` takes them.
    package var contexts: [String: String] = [:]
    /// Named contexts that were folders of the client's.
    package var folders: [String] = []
    /// Ids; values are not kept.
    package var secrets: [String] = []
    package var agents: [String] = []
    /// Ids of the images that it stood on, by their names in full.
    package var bases: [String: String] = [:]

    package init(dockerfile: String, dockerfileName: String) {
        self.dockerfile = dockerfile
        self.dockerfileName = dockerfileName
    }
}

/// What two images have that is not the same. Not part of Docker's API.
package struct ImageDifferencesBody: Codable, Sendable, Hashable {
    package struct File: Codable, Sendable, Hashable {
        package var path: String
        package var what: [String]
        package var details: [String]

        package init(path: String, what: [String], details: [String]) {
            self.path = path
            self.what = what
            self.details = details
        }
    }

    package var image: String
    package var rebuilt: String
    package var files: [File]
    /// Members of the configuration.
    package var configuration: [String]

    package init(image: String, rebuilt: String, files: [File], configuration: [String]) {
        self.image = image
        self.rebuilt = rebuilt
        self.files = files
        self.configuration = configuration
    }

    package var isSame: Bool { image == rebuilt }
}
