extension PathPattern {
    /// True when the whole of `path` matches.
    package func matches(_ path: String) -> Bool {
        let scalars = Array(path.unicodeScalars)
        // All positions reachable so far, as flags: every part is walked once, so no pattern takes exponential time.
        var reached = [Bool](repeating: false, count: scalars.count + 1)
        reached[0] = true
        for (number, part) in parts.enumerated() {
            reached = advance(part, isLast: number == parts.count - 1, reached, scalars)
            if !reached.contains(true) { return false }
        }
        return reached[scalars.count]
    }

    private func advance(_ part: Part, isLast: Bool, _ reached: [Bool], _ scalars: [Unicode.Scalar]) -> [Bool] {
        var next = [Bool](repeating: false, count: reached.count)
        switch part {
        case .star:
            var open = false
            for position in reached.indices {
                open = open || reached[position]
                next[position] = open
                if position < scalars.count, scalars[position] == "/" { open = false }
            }
        case .anyDirectories:
            var open = false
            for position in reached.indices {
                if reached[position] { next[position] = true }
                // After the first position any further directory's start is reached, at the end of a pattern anything.
                if open, isLast || scalars[position - 1] == "/" { next[position] = true }
                open = open || reached[position]
            }
        case .anyCharacter:
            for position in scalars.indices where reached[position] && scalars[position] != "/" { next[position + 1] = true }
        case .literal(let wanted):
            for position in scalars.indices where reached[position] && scalars[position] == wanted { next[position + 1] = true }
        case .oneOf(let ranges, let negated):
            for position in scalars.indices where reached[position] && scalars[position] != "/" {
                if ranges.contains(where: { $0.contains(scalars[position]) }) != negated { next[position + 1] = true }
            }
        }
        return next
    }
}
