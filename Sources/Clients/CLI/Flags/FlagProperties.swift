import Synchronization

/// The value of a flag. The parser writes to it while its command is being made; a command that changes a property of its own gets a
/// new one, so that copies stay as they are.
final class FlagStorage<Value: Sendable>: Sendable {
    private let content: Mutex<Value>

    init(_ value: Value) { content = Mutex(value) }

    var value: Value { content.withLock { $0 } }
    func change(_ body: (inout Value) -> Void) { content.withLock { body(&$0) } }
}

/// A flag with a value: text, where `nil` or empty is nothing, or a list that each use adds to.
@propertyWrapper
struct Option<Value: OptionValue>: FlagProperty, Sendable {
    private var storage: FlagStorage<Value>
    private let names: FlagNames
    private let help: FlagHelp

    init(wrappedValue: Value, name: FlagNames = .long, help: FlagHelp = "") {
        storage = FlagStorage(wrappedValue)
        names = name
        self.help = help
    }

    init(name: FlagNames = .long, help: FlagHelp = "") where Value == String? {
        self.init(wrappedValue: nil, name: name, help: help)
    }

    var wrappedValue: Value {
        get { storage.value }
        set { storage = FlagStorage(newValue) }
    }

    func flags(named property: String) -> [DeclaredFlag] {
        let storage = storage
        return [
            DeclaredFlag(
                names: names.resolved(for: property), help: help, kind: .option { text in storage.change { $0.take(text) } },
                valueWord: Value.word, defaultValue: storage.value.shown)
        ]
    }
}

/// What the value of a flag can be.
protocol OptionValue: Sendable {
    /// As `--help` names it. Source: docker CLI.
    static var word: String { get }
    mutating func take(_ text: String)
    /// As a default; empty when there is none.
    var shown: String { get }
}

extension String: OptionValue {
    static var word: String { "string" }
    mutating func take(_ text: String) { self = text }
    var shown: String { isEmpty ? "" : "\"\(self)\"" }
}

extension String?: OptionValue {
    static var word: String { "string" }
    mutating func take(_ text: String) { self = text }
    var shown: String { "" }
}

extension [String]: OptionValue {
    static var word: String { "list" }
    mutating func take(_ text: String) { append(text) }
    var shown: String { "" }
}

/// A flag that is on or off; of type `Bool?` it tells whether it was given.
@propertyWrapper
struct Flag<Value: SwitchValue>: FlagProperty, Sendable {
    /// How it is turned off, besides `--name=false`.
    enum Inversion: Sendable { case none, prefixedNo }

    private var storage: FlagStorage<Value>
    private let names: FlagNames
    private let inversion: Inversion
    private let help: FlagHelp

    init(wrappedValue: Value, name: FlagNames = .long, inversion: Inversion = .none, help: FlagHelp = "") {
        storage = FlagStorage(wrappedValue)
        names = name
        self.inversion = inversion
        self.help = help
    }

    init(name: FlagNames = .long, inversion: Inversion = .none, help: FlagHelp = "") where Value == Bool? {
        self.init(wrappedValue: nil, name: name, inversion: inversion, help: help)
    }

    var wrappedValue: Value {
        get { storage.value }
        set { storage = FlagStorage(newValue) }
    }

    func flags(named property: String) -> [DeclaredFlag] {
        let storage = storage
        let names = names.resolved(for: property)
        return [
            DeclaredFlag(
                names: names, inverse: inversion == .none ? nil : names.first { $0.utf8.count > 1 }.map { "no-\($0)" }, help: help,
                kind: .toggle { on in storage.change { $0 = Value(on) } }, defaultValue: storage.value.isOn ? "true" : "")
        ]
    }
}

/// What a switch can be.
protocol SwitchValue: Sendable {
    init(_ on: Bool)
    var isOn: Bool { get }
}

extension Bool: SwitchValue {
    var isOn: Bool { self }
}

extension Bool?: SwitchValue {
    var isOn: Bool { self ?? false }
}

/// Flags that several commands share.
@propertyWrapper
struct OptionGroup<Group: ParsableArguments>: FlagProperty, Sendable {
    enum Visibility: Sendable { case shown, hidden }

    var wrappedValue: Group
    private let visibility: Visibility

    init(visibility: Visibility = .shown) {
        wrappedValue = Group()
        self.visibility = visibility
    }

    func flags(named property: String) -> [DeclaredFlag] {
        var flags = DeclaredFlag.all(of: wrappedValue)
        if visibility == .hidden {
            for index in flags.indices { flags[index].help.isHidden = true }
        }
        return flags
    }
}
