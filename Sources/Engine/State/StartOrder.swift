/// In which order containers are started together: whoever needs another that is to start comes after it.
enum StartOrder {
    /// - Parameter needs: by id, the ids of others; of these only the ones that are to start count.
    /// - Returns: `ids` as they were given but for that; those who need one another in a circle stay in order.
    static func of(_ ids: [String], needs: [String: [String]]) -> [String] {
        let all = Set(ids)
        var result: [String] = []
        var seen: Set<String> = []
        func visit(_ id: String) {
            guard all.contains(id), seen.insert(id).inserted else { return }
            for other in needs[id] ?? [] { visit(other) }
            result.append(id)
        }
        for id in ids { visit(id) }
        return result
    }
}
