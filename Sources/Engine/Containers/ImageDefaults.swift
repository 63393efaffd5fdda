import Essentials
import OCI

/// Fills in from the image what the user left open. Source: engine-api, ContainerCreate; observed order of merged lists.
enum ImageDefaults {
    /// - Throws: `invalid` when neither says what to run.
    static func merge(_ settings: ContainerSettings, with image: ContainerDefaults) throws(GantryError) -> ContainerSettings {
        var result = settings
        if result.user.isEmpty { result.user = image.user ?? "" }
        result.exposedPorts.formUnion((image.exposedPorts ?? [:]).keys.map(portKey))
        result.environment = mergeEnvironment(settings.environment, image.environment ?? [])
        result.labels.merge(image.labels ?? [:]) { mine, _ in mine }
        if (result.entrypoint ?? []).isEmpty {
            if (result.command ?? []).isEmpty { result.command = image.command }
            if result.entrypoint == nil { result.entrypoint = image.entrypoint }
        }
        if result.entrypoint == [""] { result.entrypoint = nil }
        if result.workingDirectory.isEmpty { result.workingDirectory = image.workingDirectory ?? "" }
        result.volumes.formUnion((image.volumes ?? [:]).keys)
        if result.stopSignal == nil { result.stopSignal = image.stopSignal }
        result.healthcheck = mergeHealthcheck(settings.healthcheck, image.healthcheck)
        if (result.entrypoint ?? []).isEmpty, (result.command ?? []).isEmpty { throw .invalid("no command specified") }
        return result
    }

    /// The user's entries, then the image's whose names the user did not set.
    private static func mergeEnvironment(_ mine: [String], _ image: [String]) -> [String] {
        let names = Set(mine.map(name))
        return mine + image.filter { !names.contains(name($0)) }
    }

    private static func name(_ entry: String) -> Substring { entry.prefix { $0 != "=" } }

    private static func mergeHealthcheck(
        _ mine: ContainerDefaults.Healthcheck?, _ image: ContainerDefaults.Healthcheck?
    ) -> ContainerDefaults.Healthcheck? {
        guard var result = mine, let image else { return mine ?? image }
        if (result.test ?? []).isEmpty { result.test = image.test }
        result.interval = result.interval.flatMap { $0 == 0 ? nil : $0 } ?? image.interval
        result.timeout = result.timeout.flatMap { $0 == 0 ? nil : $0 } ?? image.timeout
        result.startPeriod = result.startPeriod.flatMap { $0 == 0 ? nil : $0 } ?? image.startPeriod
        result.startInterval = result.startInterval.flatMap { $0 == 0 ? nil : $0 } ?? image.startInterval
        result.retries = result.retries.flatMap { $0 == 0 ? nil : $0 } ?? image.retries
        return result
    }

    /// `80` means `80/tcp`.
    static func portKey(_ text: String) -> String { text.contains("/") ? text.lowercased() : text + "/tcp" }

    /// Entry point and command joined.
    static func program(_ settings: ContainerSettings) -> [String] { (settings.entrypoint ?? []) + (settings.command ?? []) }

    /// The environment of the first process: what every container has, then the settings, each name once.
    static func environment(_ settings: ContainerSettings, hostname: String, links: [String] = []) -> [String] {
        var result = ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOSTNAME=\(hostname)"]
        if settings.terminal { result.append("TERM=xterm") }
        return replacing(replacing(result, with: links), with: settings.environment)
    }

    /// `base` with `entries` replacing those of the same name or appended; an entry without `=` removes its name.
    static func replacing(_ base: [String], with entries: [String]) -> [String] {
        var result = base
        for entry in entries {
            result.removeAll { name($0) == name(entry) && !entry.contains("=") }
            guard entry.contains("=") else { continue }
            if let index = result.firstIndex(where: { name($0) == name(entry) }) {
                result[index] = entry
            } else {
                result.append(entry)
            }
        }
        return result
    }
}
