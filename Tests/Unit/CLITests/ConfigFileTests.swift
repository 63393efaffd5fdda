import DockerAPI
import Essentials
import FoundationEssentials
import Testing

@testable import CLI

@Suite("Configuration file") struct ConfigFileTests {
    /// A folder that goes with the test.
    private func withFolder<Result>(_ body: (String) throws -> Result) throws -> Result {
        let folder = FileManager.default.temporaryDirectory.path + "/gantry-config-\(Identifier.randomHex(bytes: 8))"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        return try body(folder)
    }

    @Test("a login is written as docker writes it, and what is unknown stays")
    func roundTrip() throws {
        try withFolder { folder in
            let before = #"{"auths":{"old.example":{"auth":"YTpi"}},"psFormat":"{{.ID}}","features":{"x":["y",1,true,null]}}"#
            try before.write(toFile: folder + "/config.json", atomically: false, encoding: .utf8)
            var logins = try Logins(config: try ConfigFile.load(directory: folder))
            var login = AuthConfig()
            login.username = "u"
            login.password = "p"
            #expect(try logins.store(login, for: "127.0.0.1:5000") == folder + "/config.json")
            let text = try String(contentsOfFile: folder + "/config.json", encoding: .utf8)
            #expect(
                text == """
                    {
                    \t"auths": {
                    \t\t"127.0.0.1:5000": {
                    \t\t\t"auth": "dTpw"
                    \t\t},
                    \t\t"old.example": {
                    \t\t\t"auth": "YTpi"
                    \t\t}
                    \t},
                    \t"features": {
                    \t\t"x": [
                    \t\t\t"y",
                    \t\t\t1,
                    \t\t\ttrue,
                    \t\t\tnull
                    \t\t]
                    \t},
                    \t"psFormat": "{{.ID}}"
                    }
                    """)
            let again = try Logins(config: try ConfigFile.load(directory: folder))
            #expect(try again.login(for: "127.0.0.1:5000").password == "p")
            #expect(try again.login(for: "https://old.example/v1/").username == "a")
            #expect(try again.login(for: "none.example").username == "")
        }
    }

    @Test("a missing file is an empty configuration, a broken one an error")
    func missing() throws {
        try withFolder { folder in
            #expect(try ConfigFile.load(directory: folder + "/none").logins.isEmpty)
            try "[]".write(toFile: folder + "/config.json", atomically: false, encoding: .utf8)
            #expect(throws: GantryError.self) { try ConfigFile.load(directory: folder) }
        }
    }

    @Test("helper programs keep and give logins")
    func helpers() throws {
        try withFolder { folder in
            let text = #"{"credsStore":"desk","credHelpers":{"own.example":"own"}}"#
            try text.write(toFile: folder + "/config.json", atomically: false, encoding: .utf8)
            final class Calls { var list: [String] = [] }
            let calls = Calls()
            var logins = try Logins(config: try ConfigFile.load(directory: folder)) { words, input in
                calls.list.append(words.joined(separator: " ") + " < " + input)
                switch (words[0], words[1]) {
                case ("docker-credential-own", "get"):
                    return .init(status: 0, output: #"{"ServerURL":"x","Username":"<token>","Secret":"tok"}"#)
                case (_, "get"): return .init(status: 1, output: "credentials not found in native keychain\n")
                default: return .init(status: 0, output: "")
                }
            }
            #expect(try logins.login(for: "own.example").identityToken == "tok")
            #expect(try logins.login(for: "other.example").username == "")
            var login = AuthConfig()
            login.username = "u"
            login.password = "p"
            #expect(try logins.store(login, for: "other.example") == nil)
            try logins.erase("other.example")
            #expect(calls.list.contains { $0.hasPrefix("docker-credential-desk store < {") && $0.contains(#""Secret":"p""#) })
            #expect(calls.list.contains("docker-credential-desk erase < other.example"))
            #expect(try ConfigFile.load(directory: folder).logins.isEmpty)
        }
    }

    @Test("a program is run with its input, and its status is told")
    func program() throws {
        let answer = try HelperProgram.run(["sh", "-c", "cat; exit 3"], input: "hello")
        #expect(answer.output == "hello")
        #expect(answer.status == 3)
        #expect(throws: GantryError.self) { try HelperProgram.run(["no-such-program-of-ours"], input: "") }
    }

    @Test("the header carries a login in the alphabet for addresses")
    func header() throws {
        var login = AuthConfig()
        login.username = "u"
        login.password = "p?>"
        let value = try login.headerValue()
        #expect(!value.contains("+") && !value.contains("/"))
        #expect(AuthConfig(headerValue: value) == login)
    }
}
