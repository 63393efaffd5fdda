import Essentials

extension Session {
    /// Does `body` for all containers at once, at most fifty at a time; prints the names that succeeded in the order given, and
    /// all failures.
    /// - Throws: ``ExitStatus`` 1 when one failed.
    func inParallel(_ names: [String], _ body: @escaping @Sendable (String) async throws -> Void) async throws {
        var failures = [GantryError?](repeating: nil, count: names.count)
        var shown = 0
        var finished = Set<Int>()
        try await withThrowingTaskGroup(of: (Int, GantryError?).self) { group in
            func add(_ index: Int) {
                group.addTask {
                    do { try await body(names[index]) } catch let error as GantryError { return (index, error) }
                    return (index, nil)
                }
            }
            for index in names.indices.prefix(50) { add(index) }
            var next = min(50, names.count)
            while let (index, failure) = try await group.next() {
                failures[index] = failure
                finished.insert(index)
                if next < names.count {
                    add(next)
                    next += 1
                }
                while finished.contains(shown) {
                    if failures[shown] == nil { console.print(names[shown]) }
                    shown += 1
                }
            }
        }
        for failure in failures { if let failure { console.printError(ErrorText.of(failure)) } }
        if failures.contains(where: { $0 != nil }) { throw ExitStatus(1) }
    }
}
