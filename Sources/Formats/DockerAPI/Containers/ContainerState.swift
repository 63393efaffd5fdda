/// Where a container stands in its life. Source: Engine API 1.51, ContainerState.
package struct ContainerState: Codable, Sendable, Hashable {
    @Lenient package var status = ""
    /// True also while paused and restarting.
    @Lenient package var running = false
    @Lenient package var paused = false
    @Lenient package var restarting = false
    @Lenient package var oomKilled = false
    @Lenient package var dead = false
    @Lenient package var pid: Int = 0
    @Lenient package var exitCode: Int = 0
    @Lenient package var error = ""
    /// RFC 3339; Go's zero time for never.
    @Lenient package var startedAt = ""
    @Lenient package var finishedAt = ""
    package var health: HealthState?

    package init() {}

    private enum CodingKeys: String, CodingKey {
        case status = "Status"
        case running = "Running"
        case paused = "Paused"
        case restarting = "Restarting"
        case oomKilled = "OOMKilled"
        case dead = "Dead"
        case pid = "Pid"
        case exitCode = "ExitCode"
        case error = "Error"
        case startedAt = "StartedAt"
        case finishedAt = "FinishedAt"
        case health = "Health"
    }
}

extension ContainerState: Blank {
    package static var blank: ContainerState { ContainerState() }
}
