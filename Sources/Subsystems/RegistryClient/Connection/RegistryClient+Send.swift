import AsyncHTTPClient
import Essentials
import FoundationEssentials
import Logging
import NIOCore
import NIOHTTP1

extension RegistryClient {
    private static let maximumRedirects = 10

    /// Sends a call with the token it needs, again when the registry is overloaded or the connection is cut.
    ///
    /// - Returns: the last answer, whatever its status; its body is still to be read.
    /// - Throws: `unavailable` when there was no answer.
    func send(
        _ call: RegistryCall, over connection: RegistryConnection, credentials: RegistryCredentials
    ) async throws -> HTTPClientResponse {
        let attempts = max(1, call.attempts ?? configuration.attempts)
        var attempt = 1
        while true {
            var pause = configuration.firstPause * (1 << min(attempt - 1, 6))
            do {
                let response = try await sendOnce(call, over: connection, credentials: credentials)
                guard response.status.code >= 500 || response.status == .tooManyRequests, response.status != .notImplemented,
                    attempt < attempts
                else { return response }
                if let wait = response.headers.first(name: "Retry-After").flatMap({ Int64($0) }), wait >= 0 {
                    pause = .seconds(min(wait, 30))
                }
                await discard(response)
            } catch let failure as ConnectionFailure {
                guard attempt < attempts, failure.isTransient, !Task.isCancelled else { throw failure.report }
                logger.debug(
                    "request to a registry failed, trying again", metadata: ["url": "\(call.url)", "error": "\(failure.report)"])
            }
            attempt += 1
            try await Task.sleep(for: .nanoseconds(pause.nanoseconds))
        }
    }

    private func sendOnce(
        _ call: RegistryCall, over connection: RegistryConnection, credentials: RegistryCredentials
    ) async throws
        -> HTTPClientResponse
    {
        var url = call.url
        var method = call.method
        var redirects = 0
        var mayAuthorize = true
        var isRenewed = false
        var authorization: String?
        var mayAnswerChallenge = false
        switch call.authorization {
        case .none: break
        case .fixed(let value): authorization = value
        case .asChallenged:
            mayAnswerChallenge = true
            guard !connection.challenges.isEmpty else { break }
            authorization = try await self.authorization(
                for: connection.challenges, scopes: call.scopes, credentials: credentials, connection: connection, renew: false)
        }
        while true {
            let response = try await exchange(
                call, url: url, method: method, authorization: mayAuthorize ? authorization : nil, over: connection)
            if response.status == .unauthorized, mayAuthorize, mayAnswerChallenge, !isRenewed {
                isRenewed = true
                let challenges = Challenge.parse(response.headers["WWW-Authenticate"])
                let next = try await self.authorization(
                    for: challenges, scopes: call.scopes, credentials: credentials, connection: connection,
                    renew: authorization != nil)
                guard let next, next != authorization else { return response }
                authorization = next
                await discard(response)
                continue
            }
            guard [301, 302, 303, 307, 308].contains(response.status.code), let location = response.headers.first(name: "Location")
            else {
                return response
            }
            redirects += 1
            guard redirects <= Self.maximumRedirects else {
                throw GantryError.unavailable("\(call.title): stopped after \(Self.maximumRedirects) redirects")
            }
            let target = try Self.resolve(location, against: url, over: connection)
            if !Self.sameOrigin(target, url) { mayAuthorize = false }
            if response.status == .seeOther, method != .HEAD { method = .GET }
            url = target
            await discard(response)
        }
    }

    /// One request and the head of its answer.
    /// - Throws: `ConnectionFailure`, or `CancellationError`.
    func exchange(
        _ call: RegistryCall, url: String, method: HTTPMethod, authorization: String?, over connection: RegistryConnection
    ) async throws
        -> HTTPClientResponse
    {
        var request = HTTPClientRequest(url: url)
        request.method = method
        request.headers = call.headers
        request.headers.replaceOrAdd(name: "User-Agent", value: configuration.userAgent)
        if let authorization { request.headers.replaceOrAdd(name: "Authorization", value: authorization) }
        if method == call.method { request.body = try call.body?() }
        request.tlsConfiguration = connection.tls
        do {
            return try await http.execute(request, deadline: .now() + call.timeout, logger: nil)
        } catch {
            if error is CancellationError || Task.isCancelled { throw CancellationError() }
            throw ConnectionFailure(error, call: call, url: url)
        }
    }

    /// An absolute address for the value of `Location`.
    /// - Throws: `denied` when it would leave the protected transport.
    static func resolve(_ location: String, against url: String, over connection: RegistryConnection) throws -> String {
        guard let base = URL(string: url), let target = URL(string: location, relativeTo: base)?.absoluteURL, target.host() != nil,
            let scheme = target.scheme?.lowercased()
        else {
            throw GantryError.unavailable(
                "registry `\(connection.host)` redirects to an unusable address `\(location.prefix(200))`")
        }
        guard scheme == "https" || (scheme == "http" && connection.allowsPlain) else {
            throw GantryError.denied(
                "registry `\(connection.host)` redirects to `\(scheme)://\(target.host() ?? "")`, which is not protected")
        }
        return target.absoluteString
    }

    static func sameOrigin(_ left: String, _ right: String) -> Bool {
        guard let left = URL(string: left), let right = URL(string: right) else { return false }
        return left.scheme?.lowercased() == right.scheme?.lowercased() && left.host()?.lowercased() == right.host()?.lowercased()
            && port(left) == port(right)
    }

    private static func port(_ url: URL) -> Int { url.port ?? (url.scheme?.lowercased() == "http" ? 80 : 443) }

    /// Reads the rest of an answer that nobody wants, so that its connection can serve again; a long rest is cut off.
    func discard(_ response: HTTPClientResponse) async {
        var size = 0
        do {
            for try await chunk in response.body {
                size += chunk.readableBytes
                if size > 1 << 16 { return }
            }
        } catch {
            logger.trace("an unwanted body ended early", metadata: ["error": "\(error)"])
        }
    }

    /// The whole of a small answer.
    /// - Throws: `invalid` when it is longer than `limit` bytes.
    func collect(_ response: HTTPClientResponse, upTo limit: Int, of what: String) async throws -> [UInt8] {
        var bytes: [UInt8] = []
        do {
            for try await chunk in response.body {
                guard bytes.count + chunk.readableBytes <= limit else {
                    throw GantryError.invalid("the \(what) is longer than \(limit) bytes")
                }
                bytes.append(contentsOf: chunk.readableBytesView)
            }
        } catch let error as GantryError {
            throw error
        } catch {
            if Task.isCancelled { throw CancellationError() }
            throw GantryError.unavailable("the connection was cut while reading the \(what)", cause: error)
        }
        return bytes
    }
}
