import ArgumentParser
import Foundation
import Testing

@testable import CLI

@Suite struct FlagTableTests {
    /// Every command once, sorted by the name of its type.
    private static func commands(of group: any ParsableCommand.Type = Gantry.self) -> [String: any EngineCommand.Type] {
        var found: [String: any EngineCommand.Type] = [:]
        for type in group.configuration.subcommands {
            if let command = type as? any EngineCommand.Type { found["\(command)"] = command }
            found.merge(commands(of: type)) { one, _ in one }
        }
        return found
    }

    /// With `GANTRY_WRITE_FLAGS=1` the table is written anew.
    @Test func tableIsWhatTheCommandsDeclare() throws {
        let commands = Self.commands()
        #expect(commands.count > 60)
        if ProcessInfo.processInfo.environment["GANTRY_WRITE_FLAGS"] != nil { return try write(commands) }
        for (name, type) in commands {
            let (declared, listed) = try (FlagTable.declared(by: type), FlagTable.flags(of: type))
            #expect(
                FlagTable.text(of: name) != nil && listed == declared,
                "\(name) has other flags: GANTRY_WRITE_FLAGS=1 swift test --filter FlagTableTests writes the table")
        }
    }

    private func write(_ commands: [String: any EngineCommand.Type]) throws {
        var text = """
            // Written by FlagTableTests: see there.

            extension FlagTable {
                /// - Parameter command: the name of the command's type.
                /// - Returns: its flags, as `Entry.text` writes them, between blanks or line ends.
                static func text(of command: String) -> String? {
                    switch command {

            """
        for (name, type) in commands.sorted(by: { $0.key < $1.key }) {
            var lines = [""]
            for entry in try FlagTable.declared(by: type).map(\.text) {
                if lines[lines.count - 1].count + entry.count > 110 { lines.append("") }
                lines[lines.count - 1] += lines[lines.count - 1].isEmpty ? entry : " " + entry
            }
            text += "        case \"\(name)\":\n"
            if lines.count == 1 {
                text += "            \"\(lines[0])\"\n"
            } else {
                text += (["\"\"\""] + lines + ["\"\"\""]).map { "            \($0)\n" }.joined()
            }
        }
        text += "        default: nil\n        }\n    }\n}\n"
        let folder = URL(filePath: #filePath).deletingLastPathComponent()
        let sources = folder.appending(path: "../../../Sources/Clients/CLI/Foundation")
        try text.write(to: sources.appending(path: "FlagTable+Commands.swift"), atomically: true, encoding: .utf8)
    }
}
