/// The lines that a piece of a Dockerfile takes, counted from 1, both ends included.
package struct SourceRange: Sendable, Hashable, Codable {
    package var first: Int
    package var last: Int

    package init(_ first: Int, _ last: Int) {
        self.first = first
        self.last = last
    }
}
