/// The log driver and its options. Source: Engine API 1.51, HostConfig.LogConfig.
package struct LogConfig: Codable, Sendable, Hashable {
    @Lenient package var type = ""
    @Lenient package var config: [String: String] = [:]

    package init() {}

    enum CodingKeys: String, CodingKey {
        case type = "Type"
        case config = "Config"
    }
}

extension LogConfig: Blank {
    package static var blank: LogConfig { LogConfig() }
}
