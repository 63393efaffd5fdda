internal import Essentials
internal import NIOSSL

/// Certificate and key of a TLS door, and who may come in.
package struct TLSContext: Sendable {
    let context: NIOSSLContext

    /// - Parameters:
    ///   - certificateFile: PEM, with its chain.
    ///   - keyFile: PEM.
    ///   - clientAuthorityFile: PEM; when given, only clients with a certificate of that authority come in.
    /// - Throws: `invalid` when a file cannot be used.
    package init(certificateFile: String, keyFile: String, clientAuthorityFile: String? = nil) throws {
        do {
            let chain = try NIOSSLCertificate.fromPEMFile(certificateFile).map { NIOSSLCertificateSource.certificate($0) }
            let key = try NIOSSLPrivateKey(file: keyFile, format: .pem)
            var configuration = TLSConfiguration.makeServerConfiguration(certificateChain: chain, privateKey: .privateKey(key))
            configuration.minimumTLSVersion = .tlsv12
            configuration.applicationProtocols = ["http/1.1"]
            if let clientAuthorityFile {
                configuration.trustRoots = .file(clientAuthorityFile)
                configuration.certificateVerification = .noHostnameVerification
            }
            context = try NIOSSLContext(configuration: configuration)
        } catch {
            throw GantryError.invalid("cannot use the TLS certificate `\(certificateFile)` with the key `\(keyFile)`", cause: error)
        }
    }
}
