import Essentials
import NIOHTTP1
import OCI
import Testing

@testable import RegistryClient

@Suite struct AuthenticationTests {
    @Test func challengesAreRead() {
        let both = Challenge.parse([
            #"Bearer realm="https://a/token?x=1,2",service="reg \"1\"",scope="repository:a:pull,push", Basic realm=here"#
        ])
        #expect(
            both == [
                Challenge(
                    scheme: "bearer",
                    parameters: ["realm": "https://a/token?x=1,2", "service": #"reg "1""#, "scope": "repository:a:pull,push"]),
                Challenge(scheme: "basic", parameters: ["realm": "here"]),
            ])
        #expect(Challenge.parse([""]) == [])
        #expect(Challenge.parse([#"Basic realm="never ends"#]).map(\.scheme) == ["basic"])
    }

    /// A registry whose token server is itself.
    private func answer(_ request: StandIn.Request) -> StandIn.Answer {
        let host = request.headers.first(name: "Host") ?? ""
        switch request.path {
        case "/token":
            let login = request.headers.first(name: "Authorization")
            let body = String(decoding: request.body, as: UTF8.self)
            let isOpen = request.method == .GET && login == nil && !request.uri.contains("account")
            if isOpen || login == "Basic dTpw" || (request.method == .POST && body.contains("refresh_token=i%2Ft")) {
                return .init(.ok, [:], #"{"token":"good","expires_in":300,"refresh_token":"keep"}"#)
            }
            return .init(.unauthorized, [:], #"{"details":"incorrect username or password"}"#)
        default:
            guard request.headers.first(name: "Authorization") == "Bearer good" else {
                return .init(
                    .unauthorized,
                    ["WWW-Authenticate": #"Bearer realm="http://\#(host)/token",service="s",scope="repository:app:pull""#])
            }
            return .init(.ok, ["Content-Type": MediaType.manifest], Sample.manifest)
        }
    }

    @Test func tokensAreFetchedOnceAndKept() async throws {
        try await StandIn.serve(answer) { registry in
            try await withClient { client in
                let repository = try await client.repository(
                    of: Reference("\(registry.host)/app:1"), credentials: .basic(username: "u", password: "p"), access: .pull)
                _ = try await repository.manifest()
                _ = try await repository.manifest()
            }
            let tokens = registry.requests.filter { $0.path == "/token" }
            #expect(tokens.count == 1)
            #expect(tokens.first?.uri == "/token?service=s&scope=repository%3Aapp%3Apull&account=u")
        }
    }

    @Test func nobodyGetsATokenToo() async throws {
        try await StandIn.serve(answer) { registry in
            let fetched = try await withClient {
                try await $0.resolveManifest(Reference("\(registry.host)/app:1"), credentials: .anonymous).0
            }
            #expect(fetched.digest == Sample.manifestDigest)
            let token = try #require(registry.requests.first { $0.path == "/token" })
            #expect(!token.headers.contains(name: "Authorization"))
        }
    }

    @Test func tokenServersThatWantATokenAreRefused() async throws {
        try await StandIn.serve { request in
            let host = request.headers.first(name: "Host") ?? ""
            return .init(.unauthorized, ["WWW-Authenticate": #"Bearer realm="http://\#(host)/token",service="s""#])
        } _: { registry in
            let text = await message {
                try await withClient {
                    _ = try await $0.resolveManifest(Reference("\(registry.host)/app"), credentials: .identityToken("x"))
                }
            }
            #expect(text == "Post \"http://\(registry.host)/token\": unauthorized: authentication required")
        }
    }

    @Test func identityTokensAreExchangedByPost() async throws {
        try await StandIn.serve(answer) { registry in
            let fetched = try await withClient {
                try await $0.resolveManifest(Reference("\(registry.host)/app:1"), credentials: .identityToken("i/t")).0
            }
            #expect(fetched.digest == Sample.manifestDigest)
            let token = try #require(registry.requests.first { $0.path == "/token" })
            #expect(String(decoding: token.body, as: UTF8.self).contains("grant_type=refresh_token"))
        }
    }

    @Test func wrongLoginsAreRefusedWithoutTheirPassword() async throws {
        try await StandIn.serve(answer) { registry in
            let text = await message {
                try await withClient {
                    _ = try await $0.checkCredentials(.basic(username: "u", password: "wrong"), at: registry.host)
                }
            }
            #expect(
                text == "Get \"http://\(registry.host)/token\": unauthorized: authentication required"
                    || text.contains("incorrect username or password"))
            #expect(!text.contains("wrong"))
            let token = try await withClient {
                try await $0.checkCredentials(.basic(username: "u", password: "p"), at: "http://\(registry.host)/v1/")
            }
            #expect(token == "keep")
        }
    }

    @Test func basicLoginsAreChecked() async throws {
        try await StandIn.serve { request in
            request.headers.first(name: "Authorization") == "Basic dTpw"
                ? .init() : .init(.unauthorized, ["WWW-Authenticate": #"Basic realm="r""#])
        } _: { registry in
            try await withClient { client in
                let token = try await client.checkCredentials(.basic(username: "u", password: "p"), at: registry.host)
                #expect(token.isEmpty)
                let text = await message {
                    _ = try await client.checkCredentials(.basic(username: "u", password: "x"), at: registry.host)
                }
                #expect(text == "Get \"http://\(registry.host)/v2/\": unauthorized: authentication required")
            }
        }
    }

    @Test func plainTransportIsForLoopbackAndConfiguredHostsOnly() {
        var configuration = RegistryConfiguration()
        configuration.insecureRegistries = ["10.1.0.0/16", "plain.example:5000"]
        #expect(configuration.host(named: "docker.io").bases == ["https://registry-1.docker.io"])
        #expect(configuration.host(named: "reg.example").bases == ["https://reg.example"])
        for name in ["localhost:5000", "127.3.2.1", "[::1]:5000", "10.1.200.3:80", "plain.example:5000"] {
            #expect(configuration.host(named: name).bases == ["https://\(name)", "http://\(name)"])
        }
        #expect(configuration.host(named: "10.2.0.1").bases.count == 1)
        #expect(configuration.host(named: "plain.example").bases.count == 1)
        #expect(configuration.host(named: "127.0.0.1.example").bases.count == 1)
    }

    @Test func protectedRegistriesCannotSendElsewhere() throws {
        let connection = RegistryConnection(host: "r", base: "https://r", challenges: [], tls: nil, allowsPlain: false)
        #expect(throws: GantryError.self) { try RegistryClient.resolve("http://r/x", against: "https://r/y", over: connection) }
        #expect(try RegistryClient.resolve("/x?a=b", against: "https://r/y", over: connection) == "https://r/x?a=b")
    }
}
