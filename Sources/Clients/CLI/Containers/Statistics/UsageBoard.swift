/// The rows that a live `stats` shows, in the order in which containers were met.
actor UsageBoard {
    private var order: [String] = []
    private var usages: [String: ContainerUsage] = [:]

    /// - Returns: false when the container is there already.
    func add(_ container: String, id: String, name: String) -> Bool {
        guard usages[container] == nil else { return false }
        order.append(container)
        var usage = ContainerUsage(container: container, id: id, name: name)
        usage.isUnknown = true
        usages[container] = usage
        return true
    }

    func update(_ usage: ContainerUsage) {
        if usages[usage.container] != nil { usages[usage.container] = usage }
    }

    func remove(_ container: String) {
        order.removeAll { $0 == container }
        usages[container] = nil
    }

    var rows: [ContainerUsage] { order.compactMap { usages[$0] } }
}
