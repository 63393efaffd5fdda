/// A version of the Engine API, such as 1.51.
package struct APIVersion: Sendable, Hashable, Comparable, CustomStringConvertible {
    package var major: Int
    package var minor: Int

    package init(_ major: Int, _ minor: Int) {
        self.major = major
        self.minor = minor
    }

    /// The newest that we speak, and the one of paths without a version.
    package static let newest = APIVersion(1, 51)
    package static let oldest = APIVersion(1, 24)

    /// `1.51`, or `1` for 1.0; nil for anything else.
    package init?(_ text: some StringProtocol) {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard (1...2).contains(parts.count), let major = Int(parts[0]), let minor = parts.count == 2 ? Int(parts[1]) : 0 else {
            return nil
        }
        self.init(major, minor)
    }

    package static func < (left: APIVersion, right: APIVersion) -> Bool {
        (left.major, left.minor) < (right.major, right.minor)
    }

    package var description: String { "\(major).\(minor)" }
}
