/// The names that a flag has, besides or instead of the one made of its property's name.
struct FlagNames: ExpressibleByArrayLiteral, Sendable {
    enum Name: Sendable {
        /// The property's name in words between dashes: `--detach-keys` of `detachKeys`.
        case long
        /// The first letter of the property's name.
        case short
        case customLong(String)
        case customShort(Character)
    }

    private var names: [Name]

    init(arrayLiteral names: Name...) { self.names = names }

    static let long: FlagNames = [.long]
    static let shortAndLong: FlagNames = [.short, .long]
    static func customLong(_ name: String) -> FlagNames { [.customLong(name)] }

    /// Without dashes; names of one letter stand behind one dash.
    /// - Parameter property: as Swift has it.
    func resolved(for property: String) -> [String] {
        names.map { name in
            switch name {
            case .long: Self.dashed(property)
            case .short: String(property.prefix(1))
            case .customLong(let text): text
            case .customShort(let letter): String(letter)
            }
        }
    }

    private static func dashed(_ property: String) -> String {
        var result: [UInt8] = []
        for byte in property.utf8 {
            if byte >= UInt8(ascii: "A"), byte <= UInt8(ascii: "Z") {
                result += [UInt8(ascii: "-"), byte | 32]
            } else {
                result.append(byte)
            }
        }
        return String(decoding: result, as: UTF8.self)
    }
}

/// What `--help` says of a flag.
struct FlagHelp: ExpressibleByStringInterpolation, Sendable {
    var text = ""
    var isHidden = false

    init(stringLiteral text: String) { self.text = text }

    /// Not shown.
    static let hidden: FlagHelp = {
        var help: FlagHelp = ""
        help.isHidden = true
        return help
    }()
}
