/// A flag of a command, and the way to its value.
struct DeclaredFlag {
    enum Kind {
        case option(set: (String) -> Void)
        case toggle(set: (Bool) -> Void)
    }

    /// Without dashes; names of one letter stand behind one dash.
    var names: [String]
    /// The name that turns it off, where it has one.
    var inverse: String?
    var help: FlagHelp
    var kind: Kind
    /// The word for its value in `--help`, empty for a switch.
    var valueWord = ""
    /// As text, empty for what is nothing.
    var defaultValue = ""

    /// The flags that the properties of `command` declare, in their order.
    static func all(of command: some ParsableArguments) -> [DeclaredFlag] {
        var flags: [DeclaredFlag] = []
        for child in Mirror(reflecting: command).children {
            guard let property = child.value as? any FlagProperty, let label = child.label else { continue }
            // The storage of a wrapped property is named after it, behind an underscore.
            flags += property.flags(named: String(label.dropFirst()))
        }
        return flags
    }
}

/// A wrapper of properties that stand for flags.
protocol FlagProperty {
    func flags(named property: String) -> [DeclaredFlag]
}
