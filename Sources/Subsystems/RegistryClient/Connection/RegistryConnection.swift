import NIOSSL

/// A registry that has answered: under which address, and how it wants to be asked.
struct RegistryConnection: Sendable {
    /// As in references: for messages.
    var host: String
    /// `https://localhost:5000`
    var base: String
    var challenges: [Challenge]
    /// nil: the system's trusted authorities.
    var tls: TLSConfiguration?
    /// Redirects and token servers may be plain HTTP.
    var allowsPlain: Bool
}
