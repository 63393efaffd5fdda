/// A path with named parts: `/images/{name}/json`. A name takes one or more segments, as many as the rest of the pattern allows,
/// because names of images hold slashes.
package struct RoutePattern: Sendable {
    private enum Piece: Hashable {
        case literal(Substring)
        case name(String)
    }

    private let pieces: [Piece]

    package init(_ text: String) {
        pieces = text.split(separator: "/", omittingEmptySubsequences: false).dropFirst().map { segment in
            segment.first == "{" && segment.last == "}" ? .name(String(segment.dropFirst().dropLast())) : .literal(segment)
        }
    }

    /// The named parts of `segments`, or nil when the path is another one.
    package func match(_ segments: [Substring]) -> [String: String]? {
        Self.match(pieces[...], segments[...])
    }

    private static func match(_ pieces: ArraySlice<Piece>, _ segments: ArraySlice<Substring>) -> [String: String]? {
        guard let piece = pieces.first else { return segments.isEmpty ? [:] : nil }
        switch piece {
        case .literal(let text):
            guard segments.first == text else { return nil }
            return match(pieces.dropFirst(), segments.dropFirst())
        case .name(let name):
            var count = segments.count - (pieces.count - 1)
            while count > 0 {
                let value = segments.prefix(count).joined(separator: "/")
                if !value.isEmpty, var rest = match(pieces.dropFirst(), segments.dropFirst(count)) {
                    rest[name] = value
                    return rest
                }
                count -= 1
            }
            return nil
        }
    }
}
