import Essentials
import Images
import OCI

/// The filters of the image list. Source: `engine-api.md` §5, GET /images/json.
struct ImageFilter {
    private let dangling: Bool?
    private let labels: [String]
    private let patterns: [String]
    private let before: Timestamp?
    private let since: Timestamp?
    private let until: Timestamp?

    /// - Parameter find: looks up the images that `before` and `since` name.
    init(_ filters: [String: [String]], find: (String) throws -> Image) throws {
        for key in filters.keys.sorted() where !["dangling", "label", "before", "since", "reference", "until"].contains(key) {
            throw GantryError.invalid("invalid filter '\(key)'")
        }
        dangling = try filters["dangling"]?.first.map { text in
            switch text.lowercased() {
            case "1", "true": return true
            case "0", "false": return false
            default: throw GantryError.invalid("invalid filter 'dangling=[\(text)]'")
            }
        }
        labels = filters["label"] ?? []
        patterns = filters["reference"] ?? []
        before = try filters["before"]?.first.map { try Self.time(find($0)) }
        since = try filters["since"]?.first.map { try Self.time(find($0)) }
        until = try filters["until"]?.first.map { text in
            guard let time = TimeText.parse(text) else { throw GantryError.invalid("invalid value for until filter: `\(text)`") }
            return time
        }
    }

    func admits(_ image: Image) -> Bool {
        if let dangling, image.references.isEmpty != dangling { return false }
        if let before, Self.time(image) >= before { return false }
        if let since, Self.time(image) <= since { return false }
        if let until, Self.time(image) >= until { return false }
        guard labels.allSatisfy({ PruneFilter.matches($0, image.config.config?.labels ?? [:]) }) else { return false }
        return patterns.isEmpty || image.references.contains(where: names)
    }

    /// True for a name of an image that the list is to show.
    func names(_ reference: Reference) -> Bool {
        patterns.isEmpty
            || patterns.contains { Self.matches($0, reference.familiar) || Self.matches($0, reference.familiarRepository) }
    }

    private static func time(_ image: Image) -> Timestamp { image.createdAt ?? image.addedAt }

    /// `*` within a path component, `?` for one character.
    static func matches(_ pattern: String, _ text: String) -> Bool {
        func go(_ p: ArraySlice<Character>, _ t: ArraySlice<Character>) -> Bool {
            guard let first = p.first else { return t.isEmpty }
            switch first {
            case "*":
                var rest = t
                while true {
                    if go(p.dropFirst(), rest) { return true }
                    guard let next = rest.first, next != "/" else { return false }
                    rest = rest.dropFirst()
                }
            case "?": return t.first.map { $0 != "/" } ?? false ? go(p.dropFirst(), t.dropFirst()) : false
            default: return t.first == first && go(p.dropFirst(), t.dropFirst())
            }
        }
        return go(Array(pattern)[...], Array(text)[...])
    }
}
