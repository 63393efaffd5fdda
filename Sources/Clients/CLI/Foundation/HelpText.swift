/// What `--help` prints, in Docker's form.
enum HelpText {
    static func of(_ type: any EngineCommand.Type, name: String) -> String {
        var text = "Usage:  \(name) \(type.usageLine)\n"
        if !type.configuration.abstract.isEmpty { text += "\n\(type.configuration.abstract)\n" }
        let options = FlagTable.text(DeclaredFlag.all(of: type.init()))
        if !options.isEmpty { text += "\nOptions:\n\(options)\n" }
        return text
    }

    static func ofGroup(_ type: any ParsableCommand.Type, name: String) -> String {
        var text = "Usage:  \(name) COMMAND\n"
        if !type.configuration.abstract.isEmpty { text += "\n\(type.configuration.abstract)\n" }
        let commands = type.configuration.subcommands.filter { $0.configuration.shouldDisplay }
            .map { ($0.shownName, $0.configuration.abstract) }.sorted { $0.0 < $1.0 }
        let width = commands.map(\.0.count).max() ?? 0
        text += "\nCommands:\n"
        for (command, abstract) in commands {
            text += "  \(command)\(String(repeating: " ", count: width - command.count + 3))\(abstract)\n"
        }
        if name == "gantry" { text += globalOptions }
        return text + "\nRun '\(name) COMMAND --help' for more information on a command.\n"
    }

    private static let globalOptions = """

        Global Options:
              --config string      Folder of the configuration (default ~/.docker)
          -c, --context string     Name of the context to use
          -D, --debug              Say more about what goes wrong
          -H, --host string        Address of the daemon (default unix:///run/gantry/gantry.sock)
          -l, --log-level string   debug, info, warn, error or fatal (default info)
              --no-autostart       Do not start a daemon when none is running
              --tls                Encrypt; implied by --tlsverify
              --tlscacert string   Trust certificates signed only by this authority
              --tlscert string     File of the client's certificate
              --tlskey string      File of the client's key
              --tlsverify          Encrypt and check the daemon's certificate
          -v, --version            Print the version

        """
}
