import AsyncHTTPClient
import Essentials
import FoundationEssentials
import Logging
import NIOCore
import NIOHTTP1
package import OCI

extension RegistryClient {
    /// Finds the manifest (or index) of a reference: for names of Docker Hub at the mirrors, in their order, then at the registry.
    ///
    /// - Returns: the manifest, and the repository that had it, from which the blobs are to be read.
    /// - Throws: what the last registry asked said, in Docker's words.
    package func resolveManifest(
        _ reference: Reference, credentials: RegistryCredentials
    ) async throws -> (FetchedManifest, RegistryRepository) {
        if reference.domain == "docker.io" {
            for mirror in configuration.mirrors.compactMap(configuration.mirror) {
                do {
                    // The login belongs to the registry, not to whoever copies it.
                    let repository = RegistryRepository(
                        client: self, connection: try await connect(mirror), reference: reference, credentials: .anonymous,
                        access: .pull)
                    return (try await repository.manifest(), repository)
                } catch {
                    if error is CancellationError || Task.isCancelled { throw error }
                    logger.info(
                        "mirror cannot serve an image",
                        metadata: ["mirror": "\(mirror.name)", "image": "\(reference)", "error": "\(error)"])
                }
            }
        }
        let repository = try await repository(of: reference, credentials: credentials, access: .pull)
        return (try await repository.manifest(), repository)
    }
}

extension RegistryRepository {
    /// Largest manifest that is read, in bytes. Source: OCI distribution-spec, pushing manifests (4 MiB).
    private static let manifestLimit = 4 << 20

    private static let accepted = [
        MediaType.manifest, MediaType.index, MediaType.dockerManifest, MediaType.dockerManifestList,
    ].joined(separator: ", ")

    /// The manifest of a digest, or of the reference's own digest or tag.
    /// - Throws: `notFound` in Docker's words; `invalid` when what came is not what was asked for.
    package func manifest(_ digest: Digest? = nil) async throws -> FetchedManifest {
        let wanted = digest ?? reference.digest
        var call = call(.GET, "/manifests/\(wanted?.description ?? reference.tag ?? "latest")")
        call.headers.add(name: "Accept", value: Self.accepted)
        let response = try await client.send(call, over: connection, credentials: credentials)
        guard response.status == .ok else { throw await RegistryFailure.read(response).pullError(of: reference.withDefaultTag) }
        let bytes = try await client.collect(response, upTo: Self.manifestLimit, of: "manifest of \(reference.familiar)")
        let mediaType = try mediaType(of: bytes, header: response.headers.first(name: "Content-Type"))
        let fetched = FetchedManifest(bytes: bytes, mediaType: mediaType, digest: try Self.digest(of: bytes, like: wanted))
        if let wanted, wanted != fetched.digest {
            throw GantryError.invalid(
                "manifest verification failed for digest \(wanted): registry `\(host)` sent content with \(fetched.digest)")
        }
        if let claim = response.headers.first(name: "Docker-Content-Digest"), wanted == nil, claim != fetched.digest.description,
            let claimed = try? Digest(claim), claimed.algorithm == "sha256"
        {
            throw GantryError.invalid(
                "manifest verification failed for digest \(claimed): registry `\(host)` sent content with \(fetched.digest)")
        }
        return fetched
    }

    /// What a registry says of a manifest without sending it; nil when it has none.
    package func hasManifest(_ digest: Digest) async throws -> Bool {
        var call = call(.HEAD, "/manifests/\(digest)")
        call.headers.add(name: "Accept", value: Self.accepted)
        let response = try await client.send(call, over: connection, credentials: credentials)
        await client.discard(response)
        return response.status == .ok
    }

    /// The type that the document itself names must be the header's.
    private func mediaType(of bytes: [UInt8], header: String?) throws -> String {
        struct Shape: Decodable {
            var schemaVersion: Int?
            var mediaType: String?
        }
        guard let shape = try? JSONDecoder().decode(Shape.self, from: Data(bytes)) else {
            throw GantryError.invalid("registry `\(host)` sent a manifest of \(reference.familiar) that is not JSON")
        }
        let header = (header?.prefix { $0 != ";" }).map { $0.trimmingSpaces } ?? ""
        if shape.schemaVersion == 1 || header.hasPrefix("application/vnd.docker.distribution.manifest.v1+") {
            throw GantryError.unsupported(
                "[DEPRECATION NOTICE] Docker Image Format v1 and Docker Image manifest version 2, schema 1 support is removed: cannot pull \(reference.familiar)"
            )
        }
        let known = MediaType.indexes.union(MediaType.manifests)
        if let named = shape.mediaType {
            guard !known.contains(header) || header == named else {
                throw GantryError.invalid(
                    "registry `\(host)` calls the manifest of \(reference.familiar) `\(header)`, but it calls itself `\(named)`")
            }
            return named
        }
        guard known.contains(header) else {
            throw GantryError.unsupported("unsupported manifest type `\(header)` of \(reference.familiar)")
        }
        return header
    }

    /// Stores a manifest under a tag, or under its digest alone without one.
    package func putManifest(_ bytes: [UInt8], mediaType: String, tag: String?) async throws {
        let name = try tag ?? Self.digest(of: bytes, like: nil).description
        var call = call(.PUT, "/manifests/\(name)")
        call.headers.add(name: "Content-Type", value: mediaType)
        call.body = { .bytes(ByteBuffer(bytes: bytes)) }
        let response = try await client.send(call, over: connection, credentials: credentials)
        guard response.status == .created || response.status == .ok || response.status == .accepted else {
            throw await RegistryFailure.read(response).error
        }
        await client.discard(response)
    }

    /// All tags, in the registry's order. Source: OCI distribution-spec, end-8.
    package func tags() async throws -> [String] {
        struct Page: Decodable { var tags: [String]? }
        var found: [String] = []
        var next: String? = base + "/tags/list?n=1000"
        var pages = 0
        while let url = next {
            pages += 1
            guard pages <= 1000 else {
                throw GantryError.invalid("registry `\(host)` has no end of tags for \(reference.familiarRepository)")
            }
            var call = RegistryCall(.GET, url)
            call.scopes = scopes
            let response = try await client.send(call, over: connection, credentials: credentials)
            guard response.status == .ok else { throw await RegistryFailure.read(response).pullError(of: reference) }
            let bytes = try await client.collect(response, upTo: Self.manifestLimit, of: "list of tags")
            guard let page = try? JSONDecoder().decode(Page.self, from: Data(bytes)) else {
                throw GantryError.invalid("registry `\(host)` sent an unreadable list of tags")
            }
            found += (page.tags ?? []).filter(Reference.isTag)
            next = try nextPage(response.headers.first(name: "Link"), after: url)
        }
        return found
    }

    /// `<…>; rel="next"` (RFC 8288), only on the same registry.
    private func nextPage(_ link: String?, after url: String) throws -> String? {
        guard let link, link.contains("next"), let open = link.firstIndex(of: "<"), let close = link.firstIndex(of: ">"),
            open < close
        else { return nil }
        let target = try RegistryClient.resolve(String(link[link.index(after: open)..<close]), against: url, over: connection)
        guard RegistryClient.sameOrigin(target, url), target != url else { return nil }
        return target
    }
}

extension Substring {
    var trimmingSpaces: String {
        var rest = self
        while rest.first == " " { rest = rest.dropFirst() }
        while rest.last == " " { rest = rest.dropLast() }
        return String(rest)
    }
}
