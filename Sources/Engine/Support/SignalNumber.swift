import Essentials

/// Signal names and numbers of Linux on x86-64 and arm64. Source: signal(7).
package enum SignalNumber {
    static let kill: Int32 = 9
    static let terminate: Int32 = 15

    private static let names: [String: Int32] = [
        "HUP": 1, "INT": 2, "QUIT": 3, "ILL": 4, "TRAP": 5, "ABRT": 6, "IOT": 6, "BUS": 7, "FPE": 8, "KILL": 9, "USR1": 10,
        "SEGV": 11,
        "USR2": 12, "PIPE": 13, "ALRM": 14, "TERM": 15, "STKFLT": 16, "CHLD": 17, "CLD": 17, "CONT": 18, "STOP": 19, "TSTP": 20,
        "TTIN": 21, "TTOU": 22, "URG": 23, "XCPU": 24, "XFSZ": 25, "VTALRM": 26, "PROF": 27, "WINCH": 28, "IO": 29, "POLL": 29,
        "PWR": 30, "SYS": 31, "RTMIN": 34, "RTMAX": 64,
    ]

    /// `SIGTERM`; real-time signals and unknown ones by number.
    package static func name(_ number: Int32) -> String {
        let found = names.filter { $0.value == number && !["IOT", "CLD", "POLL", "RTMIN", "RTMAX"].contains($0.key) }.keys.min()
        return found.map { "SIG\($0)" } ?? "signal \(number)"
    }

    /// Parses `TERM`, `SIGTERM`, `15`, `RTMIN+3`, in any case.
    /// - Throws: `invalid` with Docker's words.
    static func parse(_ text: String) throws(GantryError) -> Int32 {
        if let number = Int32(text) {
            guard number > 0 else { throw .invalid("invalid signal: \(text)") }
            guard number <= 64 else { throw .invalid("the linux daemon does not support signal \(text)") }
            return number
        }
        var name = text.uppercased()
        if name.hasPrefix("SIG") { name = String(name.dropFirst(3)) }
        if let number = names[name] { return number }
        for (base, sign) in [("RTMIN+", Int32(1)), ("RTMAX-", -1)] where name.hasPrefix(base) {
            guard let offset = Int32(name.dropFirst(base.count)), (0...30).contains(offset),
                let start = names[String(base.dropLast())]
            else { break }
            return start + sign * offset
        }
        throw .invalid("invalid signal: \(text)")
    }
}
