/// What a container is to be: the runtime's `config.json`. Source: OCI runtime-spec 1.2, config and config-linux.
///
/// Absent means "not asked for"; unknown keys are ignored when decoding, as the specification demands.
package struct RuntimeSpecification: Sendable, Equatable, Codable {
    package var ociVersion: String = "1.2.0"
    package var root: Root?
    package var mounts: [Mount]?
    package var process: Process?
    package var hostname: String?
    package var domainname: String?
    package var hooks: Hooks?
    package var annotations: [String: String]?
    package var linux: Linux?

    package init() {}

    package struct Root: Sendable, Equatable, Codable {
        /// Relative to the bundle, or absolute.
        package var path: String
        package var readonly: Bool?

        package init(path: String, readonly: Bool? = nil) {
            self.path = path
            self.readonly = readonly
        }
    }

    package struct Mount: Sendable, Equatable, Codable {
        package var destination: String
        package var type: String?
        package var source: String?
        package var options: [String]?
        /// From the file system's ids to the container's.
        package var uidMappings: [IDMapping]?
        package var gidMappings: [IDMapping]?

        package init(destination: String, type: String? = nil, source: String? = nil, options: [String]? = nil) {
            self.destination = destination
            self.type = type
            self.source = source
            self.options = options
        }
    }

    package struct Hooks: Sendable, Equatable, Codable {
        package var prestart: [Hook]?
        package var createRuntime: [Hook]?
        package var createContainer: [Hook]?
        package var startContainer: [Hook]?
        package var poststart: [Hook]?
        package var poststop: [Hook]?

        package init() {}
    }

    package struct Hook: Sendable, Equatable, Codable {
        package var path: String
        package var args: [String]?
        package var env: [String]?
        /// Seconds.
        package var timeout: Int?

        package init(path: String, args: [String]? = nil, env: [String]? = nil, timeout: Int? = nil) {
            self.path = path
            self.args = args
            self.env = env
            self.timeout = timeout
        }
    }
}
