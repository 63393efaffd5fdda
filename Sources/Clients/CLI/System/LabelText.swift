import Essentials

/// Small texts of lists.
enum LabelText {
    /// `a=b,c=d`, sorted.
    static func of(_ labels: [String: String]) -> String {
        labels.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: ",")
    }

    /// `2026-11-23 18:52:08.270727638 +0000 UTC`: how Go prints a time with its fraction.
    static func stamp(_ time: Timestamp) -> String {
        let whole = HumanTime.stamp(time)
        let text = time.rfc3339
        guard let point = text.firstIndex(of: ".") else { return whole }
        let at = whole.index(whole.startIndex, offsetBy: 19)
        return String(whole[..<at]) + String(text[point...].dropLast()) + String(whole[at...])
    }
}
