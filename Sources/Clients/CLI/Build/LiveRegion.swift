/// The lines at the bottom of a terminal that are drawn again and again. Pure: gives the bytes that turn what is on the screen
/// into the next frame, by cursor movement (ECMA-48: CUU, EL, ED).
struct LiveRegion {
    /// Columns and rows of the terminal.
    struct Size: Equatable {
        var columns: Int
        var rows: Int
    }

    var colour: Bool
    /// Lines of the last frame; the cursor stands at the start of the line below them.
    private(set) var drawn = 0

    init(colour: Bool) { self.colour = colour }

    /// The next frame. When there are more lines than the terminal has, the last that fit are shown, for the cursor cannot
    /// reach what has scrolled away.
    mutating func frame(_ lines: [LiveLine], size: Size) -> String {
        let shown = lines.suffix(max(1, size.rows - 1))
        var text = home()
        for line in shown { text += line.rendered(width: max(1, size.columns), colour: colour) + "\u{1B}[K\n" }
        if shown.count < drawn { text += "\u{1B}[J" }
        drawn = shown.count
        return text
    }

    /// The last frame: all lines, which then stay on the screen.
    mutating func settle(_ lines: [LiveLine], size: Size) -> String {
        var text = home()
        if drawn > 0 { text += "\u{1B}[J" }
        for line in lines { text += line.rendered(width: max(1, size.columns), colour: colour) + "\n" }
        drawn = 0
        return text
    }

    private func home() -> String { drawn > 0 ? "\u{1B}[\(drawn)A\r" : "" }
}
