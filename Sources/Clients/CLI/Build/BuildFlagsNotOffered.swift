import Essentials

/// Flags of Docker's builders that we do not offer. They are read, so that using one is answered with a sentence instead of
/// being taken for a mistake, and never ignored; values that ask for what happens anyway are accepted.
struct BuildFlagsNotOffered: ParsableArguments {
    @Option var builder: String?
    @Flag var compress = false
    @Option var isolation: String?
    @Option var policy: [String] = []
    @Option var securityOpt: [String] = []

    /// - Throws: ``GantryError`` that names the first flag which asks for something that we do not do.
    func refuse() throws {
        let asked: [(flag: String, isAsked: Bool, hint: String?)] = [
            ("--builder", builder.map { $0 != "default" } ?? false, "there is one builder, in the daemon"),
            ("--compress", compress, nil),
            ("--isolation", isolation.map { !$0.isEmpty && $0 != "default" } ?? false, nil),
            ("--policy", !policy.isEmpty, nil),
            ("--security-opt", !securityOpt.isEmpty, nil),
        ]
        for (flag, isAsked, hint) in asked where isAsked {
            throw GantryError.unsupported("`\(flag)` is not offered by `gantry build`", hint: hint)
        }
    }
}
