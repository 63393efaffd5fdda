internal import OCI

/// What systemd is told of a container's scope. Limits are told it too, so that it does not write its own defaults over ours when it
/// is reloaded. Source: org.freedesktop.systemd1(5); systemd.resource-control(5).
enum ScopeProperties {
    /// - Parameter processID: of the process that the scope starts with; without one systemd makes none.
    static func scope(_ name: ScopeName, processID: Int32, limits: [UnitProperty]) -> [UnitProperty] {
        [
            UnitProperty("Description", .string("container \(name.unit.dropLast(".scope".count))")),
            UnitProperty("Slice", .string(name.slice)),
            // What is below the scope is ours; systemd hands down all controllers.
            UnitProperty("Delegate", .boolean(true)),
            UnitProperty("DefaultDependencies", .boolean(false)),
            // Its name is free again when it has ended, however it ended; what does not end is killed after ten seconds.
            UnitProperty("CollectMode", .string("inactive-or-failed")), UnitProperty("TimeoutStopUSec", .number(10_000_000)),
            UnitProperty("CPUAccounting", .boolean(true)), UnitProperty("MemoryAccounting", .boolean(true)),
            UnitProperty("IOAccounting", .boolean(true)), UnitProperty("TasksAccounting", .boolean(true)),
            UnitProperty("PIDs", .processes([UInt32(bitPattern: processID)])),
        ] + limits
    }

    static func limits(_ resources: RuntimeSpecification.Resources, isUnified: Bool) -> [UnitProperty] {
        var result: [UnitProperty] = []
        func add(_ name: String, _ value: UInt64) { result.append(UnitProperty(name, .number(value))) }
        if let memory = resources.memory {
            if let limit = memory.limit, limit != 0 { add(isUnified ? "MemoryMax" : "MemoryLimit", bytes(limit)) }
            if isUnified {
                if let reservation = memory.reservation, reservation != 0 { add("MemoryLow", bytes(reservation)) }
                if let swap = memory.swap, swap != 0 {
                    add("MemorySwapMax", swap < 0 ? .max : UInt64(max(0, swap - max(0, memory.limit ?? 0))))
                }
            }
        }
        if let cpu = resources.cpu {
            if let shares = cpu.shares, shares > 0 {
                add(isUnified ? "CPUWeight" : "CPUShares", isUnified ? CgroupSettings.weight(shares: shares) : shares)
            }
            if let quota = cpu.quota, quota != 0 {
                let period = cpu.period.flatMap { $0 == 0 ? nil : $0 } ?? 100_000
                add("CPUQuotaPeriodUSec", period)
                add("CPUQuotaPerSecUSec", quota < 0 ? .max : perSecond(quota: UInt64(quota), period: period))
            }
            if isUnified {
                for (name, set) in [("AllowedCPUs", cpu.cpus), ("AllowedMemoryNodes", cpu.mems)] {
                    if let set, let numbers = NumberSet(set) { result.append(UnitProperty(name, .bytes(numbers.mask))) }
                }
            }
        }
        if let pids = resources.pids { add("TasksMax", pids.limit > 0 ? UInt64(pids.limit) : .max) }
        return result
    }

    private static func bytes(_ limit: Int64) -> UInt64 { limit < 0 ? .max : UInt64(limit) }

    /// systemd rounds to 10 ms and makes 0 of less, so it is rounded up here.
    private static func perSecond(quota: UInt64, period: UInt64) -> UInt64 {
        let value = quota.multipliedReportingOverflow(by: 1_000_000)
        guard !value.overflow else { return .max }
        return (value.partialValue / period + 9999) / 10_000 * 10_000
    }
}
