/// Answer to SystemVersion. Source: Engine API 1.51, SystemVersion.
package struct Version: Codable, Sendable, Hashable {
    @Lenient package var platform = VersionPlatform()
    @Lenient package var components: [VersionComponent] = []
    @Lenient package var version = ""
    @Lenient package var apiVersion = ""
    @Lenient package var minAPIVersion = ""
    @Lenient package var gitCommit = ""
    @Lenient package var goVersion = ""
    @Lenient package var os = ""
    @Lenient package var arch = ""
    @OmitEmpty package var kernelVersion = ""
    @OmitEmpty package var experimental = false
    @OmitEmpty package var buildTime = ""

    package init() {}

    private enum CodingKeys: String, CodingKey {
        case platform = "Platform"
        case components = "Components"
        case version = "Version"
        case apiVersion = "ApiVersion"
        case minAPIVersion = "MinAPIVersion"
        case gitCommit = "GitCommit"
        case goVersion = "GoVersion"
        case os = "Os"
        case arch = "Arch"
        case kernelVersion = "KernelVersion"
        case experimental = "Experimental"
        case buildTime = "BuildTime"
    }
}

extension Version: Blank {
    package static var blank: Version { Version() }
}
