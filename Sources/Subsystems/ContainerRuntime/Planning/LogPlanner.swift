internal import ShimProtocol

extension LogFile {
    func add(to plan: inout Plan) {
        let member = attributes.isEmpty || format == .records ? attributes : "\"attrs\":\(attributes),"
        plan.add(
            .log,
            [UInt64(max(0, maxSize ?? 0)), UInt64(max(1, maxFiles)), format.rawValue, UInt64(max(0, dropsAfter ?? 0))],
            [path, member])
    }
}

extension LogService {
    func add(to plan: inout Plan) {
        plan.add(
            .logService, [kind.rawValue, UInt64(facility * 8), isStream ? 1 : 0, mayDrop ? 1 : 0, UInt64(max(1, bufferSize))],
            bytes: [address, Array(tag.utf8), Array(hostName.utf8)])
    }
}
