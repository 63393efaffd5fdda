/// What a pull, push or load has told so far, and how it looks: one row per layer that is redrawn on a terminal, one line per
/// change of state elsewhere. Pure: messages in, lines out.
///
/// A message without an id ends the block of rows before it: those rows no longer change.
struct TransferView {
    /// One progress message of the stream.
    struct Update: Equatable {
        var id: String?
        var status: String
        var bar: ProgressBar?
        /// Text to print as it stands, instead of a status.
        var stream: String?

        init(id: String? = nil, status: String, bar: ProgressBar? = nil, stream: String? = nil) {
            self.id = id
            self.status = status
            self.bar = bar
            self.stream = stream
        }
    }

    /// What applying a message changed.
    enum Change: Equatable {
        /// Rows changed; `settled` says that a state changed and not only a count of bytes.
        case rows(settled: Bool)
        /// The rows so far are final, and this text follows them.
        case text(String)
    }

    private var order: [String] = []
    private var rows: [String: Update] = [:]

    init() {}

    /// Takes in a message.
    mutating func apply(_ update: Update) -> Change {
        if let stream = update.stream { return .text(stream) }
        guard let id = update.id, !id.isEmpty else { return .text(update.status + "\n") }
        let known = rows[id]
        if known == nil { order.append(id) }
        rows[id] = update
        return .rows(settled: known?.status != update.status)
    }

    /// Forgets the rows, after they were drawn for the last time.
    mutating func startBlock() {
        order = []
        rows = [:]
    }

    /// The rows of the current block, each at most `width` columns.
    func lines(width: Int) -> [LiveLine] {
        order.compactMap { id in
            guard let row = rows[id] else { return nil }
            let start = "\(id): \(row.status)"
            let bar = row.bar?.text(width: width - start.count - 1) ?? ""
            return LiveLine(bar.isEmpty ? start : "\(start) \(bar)")
        }
    }

    /// The line of a message where there is no terminal; nil for one that only counts bytes.
    static func plain(_ update: Update) -> String? {
        if let stream = update.stream { return stream }
        if let bar = update.bar, !bar.text(width: 80).isEmpty { return nil }
        guard let id = update.id, !id.isEmpty else { return update.status + "\n" }
        return "\(id): \(update.status)\n"
    }
}
