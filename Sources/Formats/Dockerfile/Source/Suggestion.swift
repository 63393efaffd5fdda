/// Finds what somebody probably meant to type.
enum Suggestion {
    /// The option nearest to `word` when it differs in at most half of its letters, compared without case; the first of
    /// several equally near ones.
    static func nearest(_ word: String, among options: [String]) -> String? {
        let typed = Array(word.lowercased().utf8)
        guard typed.count <= 64 else { return nil }
        var best: (option: String, distance: Int)?
        for option in options {
            let candidate = Array(option.lowercased().utf8)
            let distance = self.distance(typed, candidate)
            guard distance * 2 <= max(typed.count, candidate.count), distance < (best?.distance ?? Int.max) else { continue }
            best = (option, distance)
        }
        return best?.option
    }

    /// ` (did you mean RUN?)`, or nothing.
    static func text(_ word: String, among options: [String]) -> String {
        nearest(word, among: options).map { " (did you mean \($0)?)" } ?? ""
    }

    /// Levenshtein's distance.
    private static func distance(_ left: [UInt8], _ right: [UInt8]) -> Int {
        var row = Array(0...right.count)
        for (i, a) in left.enumerated() {
            var diagonal = row[0]
            row[0] = i + 1
            for (j, b) in right.enumerated() {
                let replaced = diagonal + (a == b ? 0 : 1)
                diagonal = row[j + 1]
                row[j + 1] = min(replaced, row[j] + 1, row[j + 1] + 1)
            }
        }
        return row[right.count]
    }
}
