/// What to do when a container exits. Source: Engine API 1.51, RestartPolicy.
package struct RestartPolicyBody: Codable, Sendable, Hashable {
    /// `no` or empty, `always`, `unless-stopped`, `on-failure`.
    @Lenient package var name = ""
    @Lenient package var maximumRetryCount: Int = 0

    package init() {}

    enum CodingKeys: String, CodingKey {
        case name = "Name"
        case maximumRetryCount = "MaximumRetryCount"
    }
}

extension RestartPolicyBody: Blank {
    package static var blank: RestartPolicyBody { RestartPolicyBody() }
}
