import Essentials

/// `--call=check[,format=json][,ignorestatus=true]`. Source: docker buildx build, `--call`.
struct BuildCall: Equatable {
    var kind: String
    var isJSON = false
    /// Warnings do not change the exit status.
    var ignoresStatus = false

    init(_ text: String) throws {
        let parts = text.split(separator: ",").map(String.init)
        func wrong(_ reason: String) -> UsageError { UsageError.invalid(text, flag: "--call", reason) }
        kind = ""
        for part in parts {
            let (key, value) = FlagValue.split(part)
            switch (key, value) {
            case (_, nil) where kind.isEmpty: kind = key
            case ("name", let value?): kind = value
            case ("format", let value?):
                guard value == "json" || value == "text" else { throw wrong("unknown format \"\(value)\"") }
                isJSON = value == "json"
            case ("ignorestatus", let value?): ignoresStatus = Bool(goText: value) ?? false
            default: throw wrong("invalid option '\(part)'")
            }
        }
        if kind == "lint" { kind = "check" }
        guard ["build", "check", "outline", "targets"].contains(kind) else {
            throw wrong("unknown call \"\(kind)\": expected build, check, outline or targets")
        }
    }
}
