import Essentials
import NIOCore
import NIOHTTP1
import OCI
import Synchronization
import Testing

@testable import RegistryClient

@Suite struct BlobTests {
    private func repository(
        _ client: RegistryClient, _ registry: StandIn, _ access: RegistryRepository.Access = .pull
    ) async throws -> RegistryRepository {
        try await client.repository(of: Reference("\(registry.host)/app"), credentials: .anonymous, access: access)
    }

    @Test func cutDownloadsGoOnWhereTheyEnded() async throws {
        try await StandIn.serve { request in
            guard request.path != "/v2/" else { return .init() }
            guard let range = request.headers.first(name: "Range"), let start = Int(range.dropFirst(6).prefix { $0 != "-" }) else {
                var answer = StandIn.Answer(bytes: Sample.bytes)
                answer.cutAfter = 40_000
                return answer
            }
            var answer = StandIn.Answer(bytes: Array(Sample.bytes[start...]))
            answer.status = .partialContent
            answer.headers = ["Content-Range": "bytes \(start)-\(Sample.bytes.count - 1)/\(Sample.bytes.count)"]
            return answer
        } _: { registry in
            let bytes = try await withClient { try await repository($0, registry).blob(Sample.descriptor).collect() }
            #expect(bytes == Sample.bytes)
            // How much of the first answer arrives before the cut is the kernel's affair.
            let range = try #require(registry.requests.last?.headers.first(name: "Range"))
            #expect(range.hasSuffix("-100002"))
            #expect(registry.requests.first?.headers.contains(name: "Range") == false)
        }
    }

    @Test func registriesWithoutRangesAreReadAgainFromTheStart() async throws {
        let first = Mutex(true)
        try await StandIn.serve { request in
            guard request.path != "/v2/" else { return .init() }
            var answer = StandIn.Answer(bytes: Sample.bytes)
            let isFirst = first.withLock { first in
                defer { first = false }
                return first
            }
            if isFirst { answer.cutAfter = 40_000 }
            return answer
        } _: { registry in
            let bytes = try await withClient { try await repository($0, registry).blob(Sample.descriptor).collect() }
            #expect(bytes == Sample.bytes)
        }
    }

    @Test func aRegistryThatAlwaysCutsIsGivenUp() async throws {
        try await StandIn.serve { request in
            guard request.path != "/v2/" else { return .init() }
            var answer = StandIn.Answer(.ok)
            answer.headers = ["Content-Length": "\(Sample.bytes.count)"]
            answer.body = Sample.bytes
            answer.cutAfter = 0
            return answer
        } _: { registry in
            let text = await message {
                try await withClient { _ = try await repository($0, registry).blob(Sample.descriptor).collect() }
            }
            #expect(text == "unexpected EOF: registry `\(registry.host)` sent 0 of 100003 bytes of \(Sample.descriptor.digest)")
        }
    }

    @Test func moreBytesThanPromisedAreNotRead() async throws {
        try await StandIn.serve { request in
            guard request.path != "/v2/" else { return .init() }
            var answer = StandIn.Answer(bytes: Sample.bytes)
            answer.isEndless = true
            return answer
        } _: { registry in
            let text = await message {
                try await withClient { _ = try await repository($0, registry).blob(Sample.descriptor).collect() }
            }
            #expect(text.hasPrefix("registry `\(registry.host)` sent more than the 100003 bytes of \(Sample.descriptor.digest)"))
        }
    }

    @Test func redirectsLoseTheToken() async throws {
        try await StandIn.serve { request in
            .init(bytes: request.path == "/store/x" ? Sample.bytes : [])
        } _: { storage in
            let target = "http://\(storage.host)/store/x"
            try await StandIn.serve { request in
                switch request.path {
                case "/v2/": .init(.unauthorized, ["WWW-Authenticate": #"Basic realm="r""#])
                default: .init(.temporaryRedirect, ["Location": target])
                }
            } _: { registry in
                let bytes = try await withClient { client in
                    try await client.repository(
                        of: Reference("\(registry.host)/app"), credentials: .basic(username: "u", password: "p"), access: .pull
                    ).blob(Sample.descriptor).collect()
                }
                #expect(bytes == Sample.bytes)
                #expect(registry.requests.last?.headers.first(name: "Authorization") == "Basic dTpw")
                #expect(storage.requests.last?.headers.contains(name: "Authorization") == false)
            }
        }
    }

    @Test func redirectLoopsEnd() async throws {
        try await StandIn.serve { request in
            request.path == "/v2/" ? .init() : .init(.found, ["Location": request.uri])
        } _: { registry in
            let text = await message {
                try await withClient { _ = try await repository($0, registry).blob(Sample.descriptor).collect() }
            }
            #expect(text.hasSuffix("stopped after 10 redirects"), "\(text)")
        }
    }

    @Test func overloadedRegistriesAreAskedAgain() async throws {
        let left = Mutex(3)
        try await StandIn.serve { request in
            guard request.path != "/v2/" else { return .init() }
            let isBusy = left.withLock { left in
                left -= 1
                return left > 0
            }
            return isBusy ? .init(.serviceUnavailable) : .init(bytes: Sample.bytes)
        } _: { registry in
            let bytes = try await withClient { try await repository($0, registry).blob(Sample.descriptor).collect() }
            #expect(bytes == Sample.bytes)
            #expect(registry.requests.count == 3)
        }
    }

    @Test func uploadsKeepTheQueryOfTheirLocation() async throws {
        try await StandIn.serve { request in
            switch request.method {
            case .POST: .init(.accepted, ["Location": "/v2/app/blobs/uploads/u1?state=s"])
            case .PUT: .init(.created)
            default: .init()
            }
        } _: { registry in
            try await withClient { client in
                try await repository(client, registry, .push).uploadBlob(Sample.descriptor, bytes: Sample.bytes)
            }
            let put = try #require(registry.requests.last)
            #expect(put.uri == "/v2/app/blobs/uploads/u1?state=s&digest=sha256%3A\(Sample.descriptor.digest.hex)")
            #expect(put.body == Sample.bytes)
        }
    }

    @Test func mountsAreTakenBackWhenTheRegistryBeginsAnUpload() async throws {
        try await StandIn.serve { request in
            switch (request.method, request.uri.contains("from=yes")) {
            case (.POST, true): .init(.created)
            case (.POST, false): .init(.accepted, ["Location": "/v2/app/blobs/uploads/u1"])
            case (.DELETE, _): .init(.noContent)
            default: .init()
            }
        } _: { registry in
            try await withClient { client in
                let target = try await repository(client, registry, .push)
                #expect(try await target.mountBlob(Sample.descriptor.digest, from: "yes"))
                #expect(try await target.mountBlob(Sample.descriptor.digest, from: "no") == false)
            }
            #expect(registry.requests.map(\.method) == [.POST, .POST, .DELETE])
        }
    }

    /// The body of an answer can be read once only.
    @Test(arguments: [HTTPResponseStatus.unauthorized, .forbidden, .internalServerError])
    func aRefusedQuestionIsAnError(status: HTTPResponseStatus) async throws {
        try await StandIn.serve({ request in
            request.path == "/v2/" ? .init(.ok) : .init(status, [:], #"{"errors":[{"code":"DENIED","message":"no"}]}"#)
        }) { registry in
            try await withClient { client in
                let repository = try await client.repository(
                    of: Reference("\(registry.host)/app:1"), credentials: .anonymous, access: .push)
                await #expect(throws: GantryError.self) {
                    try await repository.hasBlob(Digest("sha256:" + String(repeating: "0", count: 64)))
                }
            }
        }
    }
}
