import ArgumentParser
import DockerAPI

/// The names of every command's flags, at hand before ArgumentParser is asked.
///
/// A command's declarations can be had from ArgumentParser only as a JSON document, which takes longer than the rest of a short
/// command. `FlagTable+Commands.swift` is written by `FlagTableTests`, which fails when it is out of step.
enum FlagTable {
    struct Entry: Equatable {
        /// Short names have one letter.
        var names: [String]
        var takesValue: Bool

        /// `detach,d` or, for one with a value, `env,e=`.
        var text: String { names.joined(separator: ",") + (takesValue ? "=" : "") }

        init(names: [String], takesValue: Bool) {
            self.names = names
            self.takesValue = takesValue
        }

        init(_ text: Substring) {
            takesValue = text.hasSuffix("=")
            names = text.prefix { $0 != "=" }.split(separator: ",").map(String.init)
        }
    }

    static func flags(of type: any EngineCommand.Type) throws -> [Entry] {
        guard let text = text(of: "\(type)") else { return try declared(by: type) }
        return text.split { $0 == " " || $0 == "\n" }.map(Entry.init)
    }

    /// What ArgumentParser says of `type`.
    static func declared(by type: any EngineCommand.Type) throws -> [Entry] {
        let help = try EngineJSON.decode(Help.self, from: type._dumpHelp().utf8)
        let flags = help.command.arguments?.filter { $0.kind != "positional" } ?? []
        return flags.map { Entry(names: $0.names?.map(\.name) ?? [], takesValue: $0.kind == "option") }
    }

    private struct Help: Decodable {
        struct Command: Decodable { var arguments: [Argument]? }
        struct Argument: Decodable {
            var kind: String
            var names: [Name]?
        }
        struct Name: Decodable { var name: String }
        var command: Command
    }
}
