import Essentials

/// The bar that pull, push and load draw: `[====>      ]  1.2MB/3.4MB`.
struct ProgressBar: Equatable {
    /// Bytes done and bytes in all; a total of 0 or less is not known.
    var current: Int64
    var total: Int64

    /// The bar's text, empty when there is nothing to say yet.
    /// - Parameter width: columns that may be used. A bar is at most 50 wide and left out when fewer than ten columns remain.
    func text(width: Int) -> String {
        guard current > 0 || total > 0 else { return "" }
        let done = Self.rightAligned(ByteSize.decimal(current))
        guard total > 0 else { return done }
        let counts = current > total ? done : "\(done)/\(ByteSize.decimal(total))"
        // Two brackets, the tip and a space stand beside the bar.
        let room = min(50, width - counts.count - 4)
        guard room >= 10 else { return counts }
        let filled = min(room, Int(Double(max(0, current)) / Double(total) * Double(room)))
        return "[\(String(repeating: "=", count: filled))>\(String(repeating: " ", count: room - filled))] \(counts)"
    }

    private static func rightAligned(_ text: String) -> String {
        String(repeating: " ", count: max(0, 8 - text.count)) + text
    }
}
