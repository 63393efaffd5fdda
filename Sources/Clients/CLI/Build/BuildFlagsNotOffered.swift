import ArgumentParser
import Essentials

/// Flags of Docker's builders that we do not offer. They are read, so that using one is answered with a sentence instead of
/// being taken for a mistake, and never ignored; values that ask for what happens anyway are accepted.
struct BuildFlagsNotOffered: ParsableArguments {
    @Option var allow: [String] = []
    @Option var annotation: [String] = []
    @Option var attest: [String] = []
    @Option var buildContext: [String] = []
    @Option var builder: String?
    @Option var cacheTo: [String] = []
    @Option var call: String?
    @Flag var check = false
    @Flag var compress = false
    @Option var isolation: String?
    @Flag var load = false
    @Option var metadataFile: String?
    @Option var noCacheFilter: [String] = []
    @Option(name: .shortAndLong) var output: [String] = []
    @Option var policy: [String] = []
    @Option var provenance: String?
    @Flag var push = false
    @Option var sbom: String?
    @Option var secret: [String] = []
    @Option var securityOpt: [String] = []
    @Flag var squash = false
    @Option var ssh: [String] = []

    /// - Throws: ``GantryError`` that names the first flag which asks for something that we do not do.
    func refuse() throws {
        let asked: [(flag: String, isAsked: Bool, hint: String?)] = [
            ("--allow", !allow.isEmpty, nil),
            ("--annotation", !annotation.isEmpty, "use `--label` for metadata"),
            ("--attest", !attest.isEmpty, nil),
            ("--build-context", !buildContext.isEmpty, "use `COPY --from` with an image or a stage"),
            ("--builder", builder.map { $0 != "default" } ?? false, "there is one builder, in the daemon"),
            ("--cache-to", !cacheTo.isEmpty, "the cache is kept by the daemon"),
            ("--call", call.map { $0 != "build" } ?? false, nil),
            ("--check", check, nil),
            ("--compress", compress, nil),
            ("--isolation", isolation.map { !$0.isEmpty && $0 != "default" } ?? false, nil),
            ("--metadata-file", metadataFile != nil, "use `--iidfile` for the image's id"),
            ("--no-cache-filter", !noCacheFilter.isEmpty, "use `--no-cache`"),
            ("--output", output.contains { $0 != "type=docker" && $0 != "type=image" }, "use `gantry save` or `gantry export`"),
            ("--policy", !policy.isEmpty, nil),
            ("--provenance", Self.isOn(provenance), nil),
            ("--push", push, "use `gantry push` after the build"),
            ("--sbom", Self.isOn(sbom), nil),
            ("--secret", !secret.isEmpty, nil),
            ("--security-opt", !securityOpt.isEmpty, nil),
            ("--squash", squash, nil),
            ("--ssh", !ssh.isEmpty, nil),
        ]
        for (flag, isAsked, hint) in asked where isAsked {
            throw GantryError.unsupported("`\(flag)` is not offered by `gantry build`", hint: hint)
        }
    }

    private static func isOn(_ value: String?) -> Bool {
        guard let value else { return false }
        return FlagValue.bool(value) != false
    }
}
