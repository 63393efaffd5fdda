import AsyncHTTPClient
import Builder
import CLinux
import Essentials
import LinuxSystem
import NIOCore
import NIOHTTP1

/// Gets files over HTTP for ADD and for remote contexts.
enum HTTPDownload {
    /// Fetches into a file below `directory` that nothing but the descriptor leads to when this returns.
    /// - Throws: `unavailable` when the server cannot be reached or says no.
    /// - Parameter secrets: `HTTP_AUTH_TOKEN_<host>` and `HTTP_AUTH_HEADER_<host>` are sent to that host.
    static func fetch(_ url: String, into directory: String, secrets: [String: [UInt8]] = [:]) async throws -> FetchedFile {
        let path = "\(directory)/download-\(Identifier.randomHex(bytes: 8))"
        let target = try OwnedDescriptor.open(path, O_RDWR | O_CREAT | O_EXCL, mode: 0o600)
        try FileSystem.remove(path)
        var configuration = HTTPClient.Configuration()
        configuration.redirectConfiguration = .follow(max: 10, allowCycles: false)
        configuration.timeout = .init(connect: .seconds(30), read: .seconds(300))
        // A refused connection or an unknown name is an answer, not a reason to ask again for 30 s.
        configuration.connectionPool.retryConnectionEstablishment = false
        let client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
        do {
            let file = try await fetch(url, to: target, client, authorization: authorization(url, secrets))
            try await client.shutdown()
            return file
        } catch {
            try? await client.shutdown()
            throw error
        }
    }

    private static func authorization(_ url: String, _ secrets: [String: [UInt8]]) -> String? {
        let host = String(url.drop { $0 != ":" }.dropFirst(3).prefix { $0 != "/" && $0 != "?" })
        func secret(_ name: String) -> String? {
            (secrets["\(name)_\(host)"] ?? secrets["\(name)_\(host.prefix { $0 != ":" })"]).map { bytes in
                String(decoding: bytes, as: UTF8.self).filter { !$0.isNewline }
            }
        }
        return secret("HTTP_AUTH_HEADER") ?? secret("HTTP_AUTH_TOKEN").map { "Bearer \($0)" }
    }

    private static func fetch(
        _ url: String, to target: OwnedDescriptor, _ client: HTTPClient, authorization: String?
    ) async throws -> FetchedFile {
        var request = HTTPClientRequest(url: url)
        if let authorization { request.headers.add(name: "Authorization", value: authorization) }

        let response: HTTPClientResponse
        do {
            // The time is for the head; a body may take as long as it keeps coming.
            response = try await client.execute(request, timeout: .hours(24))
        } catch is CancellationError { throw CancellationError() } catch {
            // A refused connection is the common case, and scripts know its words.
            if "\(error)".contains("refused") { throw GantryError.unavailable("Get \"\(url)\": connect: connection refused") }
            throw GantryError.unavailable("Get \"\(url)\"", cause: error)
        }
        guard (200..<300).contains(response.status.code) else {
            throw GantryError.unavailable("invalid response status \(response.status.code) for `\(url)`")
        }
        do {
            for try await chunk in response.body {
                let bytes = Array(chunk.readableBytesView)
                try await BlockingWork.run { try target.writeAll(bytes) }
            }
        } catch let error as SystemError {
            throw GantryError.unavailable("cannot keep what came from `\(url)`", cause: error)
        }
        try LinuxSystem.check("lseek") { lseek(target.raw, 0, SEEK_SET) }
        return FetchedFile(
            content: target, modifiedAt: response.headers.first(name: "Last-Modified").flatMap(time),
            name: response.headers.first(name: "Content-Disposition").flatMap(name))
    }

    /// `Sun, 06 Nov 1994 08:49:37 GMT` in nanoseconds since 1970. Source: RFC 9110, 5.6.7.
    static func time(_ text: String) -> Int64? {
        let words = text.split(separator: " ")
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        guard words.count == 6, let day = Int64(words[1]), let month = months.firstIndex(of: String(words[2])),
            let year = Int64(words[3])
        else { return nil }
        let clock = words[4].split(separator: ":").compactMap { Int64($0) }
        guard clock.count == 3, (1970...9999).contains(year), (1...31).contains(day) else { return nil }
        let days = Timestamp.days(year: year, month: Int64(month) + 1, day: day)
        let seconds = days * 86400 + clock[0] * 3600 + clock[1] * 60 + clock[2]
        // Beyond 2262 nanoseconds do not fit.
        return seconds < 9_200_000_000 ? seconds * 1_000_000_000 : nil
    }

    /// The file name of a Content-Disposition. Source: RFC 6266.
    static func name(_ text: String) -> String? {
        for part in text.split(separator: ";") {
            let words = part.split(separator: "=", maxSplits: 1).map { String($0.drop { $0 == " " }) }
            guard words.count == 2, words[0].lowercased() == "filename" else { continue }
            let bare = words[1].filter { $0 != "\"" }
            return bare.split(separator: "/").last.map(String.init)
        }
        return nil
    }
}
