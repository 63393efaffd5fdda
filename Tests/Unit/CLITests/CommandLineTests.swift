import Essentials
import Testing

@testable import CLI

@Suite struct CommandLineTests {
    private func parse<Command: EngineCommand>(_ words: String..., as type: Command.Type = RunCommand.self) throws -> Command {
        guard case .run(let command) = try CommandParser.parse(type, name: "gantry \(type.shownName)", words),
            let command = command as? Command
        else { throw UsageError("help") }
        return command
    }

    @Test func optionsEndAtTheImage() throws {
        let run = try parse("-it", "--rm", "img", "sh", "-c", "x", "--flag", "-d")
        #expect(run.operands == ["img", "sh", "-c", "x", "--flag", "-d"])
        #expect(run.flags.interactive && run.flags.tty && run.flags.rm && !run.detach)
    }

    @Test func clustersAndAttachedValues() throws {
        let run = try parse("-itde", "A=1", "-p8080:80", "-e=B=2", "-v", "/a:/b", "--env=C", "-w/x", "-h", "host", "img")
        #expect(run.detach && run.flags.interactive && run.flags.tty)
        #expect(run.flags.env == ["A=1", "B=2", "C"])
        #expect(run.flags.network.publish == ["8080:80"])
        #expect(run.flags.workdir == "/x")
        #expect(run.flags.network.hostname == "host")
    }

    @Test func switchesTakeValues() throws {
        #expect(try !parse("--sig-proxy=false", "img").sigProxy)
        #expect(try parse("--sig-proxy", "img").sigProxy)
        #expect(try !parse("--rm", "--rm=false", "img").flags.rm)
        #expect(try parse("-t=true", "img").flags.tty)
        #expect(try !parse("-p=false", "c", as: CommitCommand.self).pause)
        #expect(try !parse("--no-pause", "c", as: CommitCommand.self).pause)
    }

    @Test func valuesMayBeginWithADash() throws {
        #expect(try parse("--cpus", "-1", "--entrypoint", "", "-m", "-x", "img").flags.resources.cpus == "-1")
        #expect(try parse("--entrypoint", "", "img").flags.entrypoint == "")
    }

    @Test func operandsAndFlagsMix() throws {
        let rm = try parse("a", "-f", "b", "--", "-c", as: RemoveCommand.self)
        #expect(rm.operands == ["a", "b", "-c"] && rm.force)
        #expect(try parse("-", "c:/x", as: CopyCommand.self).operands == ["-", "c:/x"])
        #expect(try parse("c1", "-o", "pid", as: TopCommand.self).operands == ["c1", "-o", "pid"])
    }

    @Test(arguments: [
        (["--nosuch", "img"], "unknown flag: --nosuch"),
        (["-X", "img"], "unknown shorthand flag: 'X' in -X"),
        (["-itX", "img"], "unknown shorthand flag: 'X' in -itX"),
        (["--memory"], "flag needs an argument: --memory"),
        (["-e"], "flag needs an argument: 'e' in -e"),
        (
            ["--rm=maybe", "img"],
            "invalid argument \"maybe\" for \"--rm\" flag: strconv.ParseBool: parsing \"maybe\": invalid syntax"
        ),
    ])
    func mistakesInDockersWords(_ words: [String], _ message: String) {
        #expect(throws: UsageError(message)) { try CommandParser.parse(RunCommand.self, name: "gantry run", words) }
    }

    @Test func countsOfOperands() {
        #expect(OperandCount.atLeast(1).complaint(0) == "requires at least 1 argument")
        #expect(OperandCount.atLeast(2).complaint(1) == "requires at least 2 arguments")
        #expect(OperandCount.exactly(1).complaint(2) == "requires 1 argument")
        #expect(OperandCount.none.complaint(1) == "accepts no arguments")
        #expect(OperandCount.atMost(1).complaint(2) == "requires at most 1 argument")
        #expect(OperandCount.exactly(1).complaint(1) == nil)
    }

    /// Runs a whole command line that needs no daemon.
    private func status(_ words: [String]) async -> (code: Int32, text: String) {
        let console = Console(write: { _ in }, writeError: { _ in })
        do { return (try await EntryPoint.run(words, console: console, environment: ["HOME": "/nonexistent"]), "") } catch let error
            as CLI.ExitStatus
        {
            return (error.code, error.message ?? "")
        } catch { return (1, "\(error)") }
    }

    @Test func exitStatusesOfMistakes() async {
        let none = await status(["run"])
        #expect(
            none.code == 1
                && none.text.hasPrefix("gantry: 'gantry run' requires at least 1 argument\n\nUsage:  gantry run [OPTIONS] IMAGE"))
        let unknown = await status(["run", "--nosuch", "x"])
        #expect(unknown.code == 125)
        #expect(
            unknown.text
                == "unknown flag: --nosuch\n\nUsage:  gantry run [OPTIONS] IMAGE [COMMAND] [ARG...]\n\nRun 'gantry run --help' for more information"
        )
        let value = await status(["run", "--memory", "abc", "x"])
        #expect(
            value.code == 125 && value.text.hasPrefix("invalid argument \"abc\" for \"-m, --memory\" flag: invalid size: 'abc'"))
        let option = await status(["run", "--pull", "sometimes", "x"])
        #expect(
            option.text
                == "gantry: invalid pull option: 'sometimes': must be one of \"always\", \"missing\" or \"never\"\n\nRun 'gantry run --help' for more information"
        )
        #expect(option.code == 125)
        let both = await status(["run", "-d", "-a", "stdout", "x"])
        #expect(both.code == 1 && both.text == "conflicting options: cannot specify both --attach and --detach")
        let command = await status(["nosuch"])
        #expect(command.code == 1 && command.text.hasPrefix("gantry: unknown command: gantry nosuch"))
        let away = await status(["-H", "unix:///nonexistent.sock", "ps"])
        #expect(away.code == 1)
        #expect(away.text == "Cannot connect to the Gantry daemon at unix:///nonexistent.sock. Is the gantry daemon running?")
        let address = await status(["-H", "foo://bar", "ps"])
        #expect(address.text == "Failed to initialize: unable to resolve docker endpoint: invalid bind address format: foo://bar")
    }

    @Test(arguments: [
        ("exec: \"x\": executable file not found in $PATH", 127), ("stat /x: no such file or directory", 127),
        ("exec: \"/etc/passwd\": permission denied", 126), ("exec: \"/etc\": is a directory", 126),
        ("port is already allocated", 125),
    ])
    func statusOfFailedStarts(_ message: String, _ status: Int32) {
        #expect(StartFailure.status(GantryError(.invalid, message)) == status)
    }

    @Test func helpListsFlagsByName() throws {
        let text = HelpText.of(LogsCommand.self, name: "gantry logs")
        #expect(text.hasPrefix("Usage:  gantry logs [OPTIONS] CONTAINER\n\nFetch the logs of a container\n\nOptions:\n"))
        #expect(text.contains("\n  -f, --follow         Follow log output\n"))
        #expect(text.contains("\n      --since string   "))
        let lines = HelpText.of(RunCommand.self, name: "gantry run").split(separator: "\n").map(String.init)
        #expect(lines.contains { $0.hasPrefix("  -e, --env list ") })
        #expect(lines.contains { $0.hasPrefix("      --sig-proxy ") && $0.hasSuffix("(default true)") })
        #expect(lines.contains { $0.hasPrefix("      --pull string ") && $0.hasSuffix("(default \"missing\")") })
        #expect(!lines.contains { $0.contains("--kernel-memory") })
        guard case .help = try CommandParser.parse(ContainerListCommand.self, name: "gantry ps", ["-h"]) else {
            return #expect(Bool(false), "-h is no help")
        }
    }

    @Test func copiesOfACommandAreTheirOwn() throws {
        let one = try parse("-e", "A=1", "img")
        var other = one
        other.flags.env.append("B=2")
        other.detach = true
        #expect(one.flags.env == ["A=1"] && !one.detach)
        #expect(try parse("img").flags.env.isEmpty)
    }

    @Test func everyCommandCanBeParsed() throws {
        var open: [any ParsableCommand.Type] = [Gantry.self]
        var count = 0
        while let type = open.popLast() {
            open += type.configuration.subcommands
            guard let command = type as? any EngineCommand.Type else { continue }
            count += 1
            let names = DeclaredFlag.all(of: command.init()).flatMap { $0.names + [$0.inverse].compactMap { $0 } }
            #expect(Set(names).count == names.count, "\(command) has two flags of one name")
            #expect(!names.contains("help") && names.allSatisfy { !$0.isEmpty })
        }
        #expect(count > 60)
    }

    @Test func globalOptionsStandInFront() throws {
        var options = GlobalOptions()
        let rest = try options.take(from: ["-D", "--host=tcp://x:1", "-lwarn", "--tlsverify", "ps", "-a", "-H"])
        #expect(rest == ["ps", "-a", "-H"])
        #expect(options.debug && options.hosts == ["tcp://x:1"] && options.logLevel == "warn" && options.tlsVerify == true)
    }

    @Test func whereTheDaemonIs() throws {
        func settings(_ words: [String], _ environment: [String: String] = [:]) throws -> ClientSettings {
            var options = GlobalOptions()
            _ = try options.take(from: words)
            return try ClientSettings(options, environment: environment.merging(["HOME": "/nonexistent"]) { first, _ in first })
        }
        #expect(try settings([]).host == "unix:///run/gantry/gantry.sock")
        #expect(try settings([]).autostart)
        #expect(try !settings(["--no-autostart"]).autostart)
        #expect(try settings([], ["DOCKER_HOST": "tcp://a:1"]).host == "tcp://a:1")
        #expect(try settings([], ["DOCKER_HOST": "tcp://a:1", "GANTRY_HOST": "unix:///b"]).host == "unix:///b")
        #expect(try settings(["-H", "unix:///c"], ["DOCKER_HOST": "tcp://a:1"]).host == "unix:///c")
        #expect(try !settings(["-H", "unix:///c"]).autostart)
        #expect(throws: GantryError.self) { try settings(["--context", "x", "-H", "unix:///c"]) }
        #expect(throws: GantryError.self) { try settings(["--context", "nosuch"]) }
    }
}
