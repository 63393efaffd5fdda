import Essentials
import NIOHTTP1
import OCI
import Testing

@testable import RegistryClient

@Suite struct ManifestTests {
    private let head: HTTPHeaders = ["Content-Type": MediaType.manifest]

    @Test func manifestIsFetchedByTag() async throws {
        let head = head
        try await StandIn.serve { request in
            request.path == "/v2/app/manifests/1" ? .init(.ok, head, Sample.manifest) : .init()
        } _: { registry in
            let fetched = try await withClient {
                try await $0.resolveManifest(Reference("\(registry.host)/app:1"), credentials: .anonymous).0
            }
            #expect(fetched.bytes == Array(Sample.manifest.utf8))
            #expect(fetched.digest == Sample.manifestDigest)
            #expect(fetched.mediaType == MediaType.manifest)
            #expect(registry.requests.first?.headers.first(name: "Accept")?.contains(MediaType.dockerManifestList) == true)
        }
    }

    @Test func otherContentThanTheDigestSaysIsRefused() async throws {
        let head = head
        try await StandIn.serve { _ in
            .init(.ok, head, Sample.manifest + " ")
        } _: { registry in
            let reference = try Reference("\(registry.host)/app@\(Sample.manifestDigest)")
            let text = await message {
                try await withClient { _ = try await $0.resolveManifest(reference, credentials: .anonymous) }
            }
            #expect(text.hasPrefix("manifest verification failed for digest \(Sample.manifestDigest)"))
        }
    }

    @Test func contradictingTypesAreRefused() async throws {
        try await StandIn.serve { _ in
            .init(.ok, ["Content-Type": MediaType.index], Sample.manifest)
        } _: { registry in
            let text = await message {
                try await withClient {
                    _ = try await $0.resolveManifest(Reference("\(registry.host)/app"), credentials: .anonymous)
                }
            }
            #expect(text.contains("but it calls itself `\(MediaType.manifest)`"))
        }
    }

    @Test func schemaOneIsRefused() async throws {
        try await StandIn.serve { _ in
            .init(.ok, [:], #"{"schemaVersion":1}"#)
        } _: { registry in
            let text = await message {
                try await withClient {
                    _ = try await $0.resolveManifest(Reference("\(registry.host)/app"), credentials: .anonymous)
                }
            }
            #expect(text.contains("schema 1 support is removed"))
        }
    }

    @Test func endlessManifestIsCutOff() async throws {
        let head = head
        try await StandIn.serve { request in
            guard request.path != "/v2/" else { return .init() }
            var answer = StandIn.Answer(.ok, head)
            answer.body = [UInt8](repeating: 32, count: 65536)
            answer.isEndless = true
            return answer
        } _: { registry in
            let text = await message {
                try await withClient {
                    _ = try await $0.resolveManifest(Reference("\(registry.host)/app"), credentials: .anonymous)
                }
            }
            #expect(text == "the manifest of \(registry.host)/app is longer than 4194304 bytes")
        }
    }

    @Test func hugeHeadersAreAnError() async throws {
        try await StandIn.serve { request in
            request.path == "/v2/" ? .init() : .init(.ok, ["X-Long": String(repeating: "x", count: 200_000)], "{}")
        } _: { registry in
            let text = await message {
                try await withClient {
                    _ = try await $0.resolveManifest(Reference("\(registry.host)/app"), credentials: .anonymous)
                }
            }
            #expect(text.hasPrefix("Get \"http://\(registry.host)/v2/app/manifests/latest\": "), "\(text)")
        }
    }

    /// What Docker prints; see the recordings of run-reference-errors and push-pull-errors.
    @Test func unknownNamesAreReportedInDockersWords() async throws {
        try await StandIn.serve { request in
            switch request.path {
            case "/v2/gone/manifests/1":
                return .init(.notFound, [:], #"{"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown"}]}"#)
            case "/v2/private/manifests/latest":
                return .init(
                    .unauthorized, ["WWW-Authenticate": #"Bearer realm="http://127.0.0.1:1/t",error="insufficient_scope""#])
            default: return .init()
            }
        } _: { registry in
            try await withClient { client in
                let gone = await message {
                    _ = try await client.resolveManifest(Reference("\(registry.host)/gone:1"), credentials: .anonymous)
                }
                #expect(gone == "manifest for \(registry.host)/gone:1 not found: manifest unknown: manifest unknown")
                let token = RegistryCredentials.registryToken("t")
                let hidden = await message {
                    _ = try await client.resolveManifest(Reference("\(registry.host)/private"), credentials: token)
                }
                #expect(
                    hidden
                        == "pull access denied for \(registry.host)/private, repository does not exist or may require 'docker login': denied: requested access to the resource is denied"
                )
            }
        }
    }

    @Test func refusedConnectionIsReportedInDockersWords() async throws {
        let text = await message {
            try await withClient { _ = try await $0.resolveManifest(Reference("127.0.0.1:1/x"), credentials: .anonymous) }
        }
        #expect(text == #"Get "http://127.0.0.1:1/v2/": dial tcp 127.0.0.1:1: connect: connection refused"#)
    }

    @Test func mirrorsComeFirstAndTheirFailureIsMadeGood() async throws {
        let head = head
        try await StandIn.serve { request in
            request.path == "/v2/library/app/manifests/1" ? .init(.ok, head, Sample.manifest) : .init(.notFound)
        } _: { good in
            try await StandIn.serve { _ in
                .init(.notFound)
            } _: { bad in
                let (fetched, repository) = try await withClient {
                    $0.mirrors = ["http://\(bad.host)", "http://\(good.host)/"]
                } _: {
                    try await $0.resolveManifest(Reference("app:1"), credentials: .basic(username: "u", password: "secret"))
                }
                #expect(fetched.digest == Sample.manifestDigest)
                #expect(repository.host == good.host)
                #expect(bad.requests.count == 1)
                #expect((good.requests + bad.requests).allSatisfy { !$0.headers.contains(name: "Authorization") })
            }
        }
    }

    @Test func tagsAreReadPageByPage() async throws {
        try await StandIn.serve { request in
            request.uri.contains("last=b")
                ? .init(.ok, [:], #"{"name":"app","tags":["c"]}"#)
                : .init(.ok, ["Link": #"</v2/app/tags/list?last=b&n=2>; rel="next""#], #"{"name":"app","tags":["a","b"]}"#)
        } _: { registry in
            let tags = try await withClient {
                try await $0.repository(of: Reference("\(registry.host)/app"), credentials: .anonymous, access: .pull).tags()
            }
            #expect(tags == ["a", "b", "c"])
        }
    }

    @Test func aManifestIsStoredUnderItsTag() async throws {
        try await StandIn.serve {
            $0.method == .PUT ? .init(.created) : .init()
        } _: { registry in
            try await withClient {
                try await $0.repository(of: Reference("\(registry.host)/app"), credentials: .anonymous, access: .push)
                    .putManifest(Array(Sample.manifest.utf8), mediaType: MediaType.manifest, tag: "2")
            }
            let put = try #require(registry.requests.last)
            #expect(put.path == "/v2/app/manifests/2")
            #expect(put.headers.first(name: "Content-Type") == MediaType.manifest)
            #expect(put.body == Array(Sample.manifest.utf8))
        }
    }
}
