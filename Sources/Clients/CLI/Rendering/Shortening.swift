/// Texts cut to a width.
enum Shortening {
    /// At most `width` characters, the last of which is `…` when something was cut.
    static func ellipsis(_ text: String, _ width: Int) -> String {
        guard text.count > width else { return text }
        guard width > 1 else { return String(text.prefix(width)) }
        return text.prefix(width - 1) + "…"
    }
}
