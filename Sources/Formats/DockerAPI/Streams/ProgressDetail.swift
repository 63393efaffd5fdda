/// Numbers of a progress bar.
package struct ProgressDetail: Codable, Sendable, Hashable {
    package var current: Int64?
    package var total: Int64?
    package var start: Int64?
    package var hidecounts: Bool?
    package var units: String?

    package init() {}

    private enum CodingKeys: String, CodingKey {
        case current, total, start, hidecounts, units
    }
}

extension ProgressDetail: Blank {
    package static var blank: ProgressDetail { ProgressDetail() }
}
