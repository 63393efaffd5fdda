import Essentials
import NIOCore
import NIOSSL

/// Where the files for an encrypted connection are. Source: docker's `--tls`, `--tlsverify`, `--tlscacert`, `--tlscert`, `--tlskey`.
package struct TLSSettings: Sendable {
    /// Check the daemon's certificate.
    package var verifies: Bool
    package var authorityFile: String?
    package var certificateFile: String?
    package var keyFile: String?

    package init(verifies: Bool, authorityFile: String?, certificateFile: String?, keyFile: String?) {
        self.verifies = verifies
        self.authorityFile = authorityFile
        self.certificateFile = certificateFile
        self.keyFile = keyFile
    }
}

struct TLSSecurity: ConnectionSecurity {
    private let context: NIOSSLContext
    private let serverName: String?

    init(_ settings: TLSSettings, address: EngineAddress) throws {
        do {
            var configuration = TLSConfiguration.makeClientConfiguration()
            if !settings.verifies { configuration.certificateVerification = .none }
            if settings.verifies, let file = settings.authorityFile { configuration.trustRoots = .file(file) }
            if let certificate = settings.certificateFile, let key = settings.keyFile {
                configuration.certificateChain = try NIOSSLCertificate.fromPEMFile(certificate).map { .certificate($0) }
                configuration.privateKey = .privateKey(try NIOSSLPrivateKey(file: key, format: .pem))
            }
            context = try NIOSSLContext(configuration: configuration)
        } catch {
            throw GantryError(.invalid, "cannot set up the encrypted connection to the daemon", cause: error)
        }
        // A server name must not be an address (RFC 6066, section 3).
        if case .tcp(let host, _) = address, host.contains(where: { $0.isLetter }), !host.contains(":") {
            serverName = host
        } else {
            serverName = nil
        }
    }

    func secure(_ channel: any Channel) throws {
        try channel.pipeline.syncOperations.addHandler(NIOSSLClientHandler(context: context, serverHostname: serverName))
    }
}
