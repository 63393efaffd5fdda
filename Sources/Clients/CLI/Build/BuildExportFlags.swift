import DockerAPI
import Essentials

/// Flags that say something of the image beside its content.
struct BuildExportFlags: ParsableArguments {
    @Option(help: "Add annotation to the image") var annotation: [String] = []
    @Option(help: "Attestation parameters (format: \"type=sbom\")") var attest: [String] = []
    @Option(help: "Shorthand for \"--attest=type=provenance\"") var provenance: String?
    @Option(help: "Shorthand for \"--attest=type=sbom\"") var sbom: String?

    func annotations() throws -> [BuildAdditions.Annotation] { try annotation.flatMap(BuildAdditions.Annotation.parse) }

    /// One of each kind: a shorthand comes after what it stands for. Source: docker buildx build, `--attest`.
    func attestations() throws -> [BuildAdditions.Attestation] {
        var texts = attest
        for (type, value) in [("provenance", provenance), ("sbom", sbom)] {
            guard let value else { continue }
            switch Bool(goText: value) {
            case true?: texts.append("type=\(type)")
            case false?: texts.append("type=\(type),disabled=true")
            case nil: texts.append("type=\(type)," + (value.contains("=") ? value : "mode=\(value)"))
            }
        }
        var found: [String: BuildAdditions.Attestation?] = [:]
        for text in texts {
            let (kind, attestation) = try Self.parse(text)
            found[kind] = .some(attestation)
        }
        return found.sorted { $0.key > $1.key }.compactMap(\.value)
    }

    private static func parse(_ text: String) throws -> (kind: String, BuildAdditions.Attestation?) {
        func wrong(_ reason: String) -> UsageError { UsageError.invalid(text, flag: "--attest", reason) }
        var fields: [String: String] = [:]
        for part in CommaFields.split(text) where !part.isEmpty {
            let (key, value) = FlagValue.split(part)
            guard let value else { throw wrong("invalid value \(part)") }
            fields[key.lowercased()] = value
        }
        guard let kind = fields.removeValue(forKey: "type") else { throw wrong("attestation type not specified") }
        guard kind == "sbom" || kind == "provenance" else { throw wrong("unsupported attestation type \(kind)") }
        let isOff = try fields.removeValue(forKey: "disabled").map { value in
            guard let off = Bool(goText: value) else { throw wrong("invalid boolean value \(value)") }
            return off
        }
        if isOff == true { return (kind, nil) }
        var attestation = BuildAdditions.Attestation(kind: kind)
        if kind == "provenance" {
            attestation.mode = fields.removeValue(forKey: "mode")
            guard ["min", "max", nil].contains(attestation.mode) else {
                throw wrong("invalid mode \"\(attestation.mode ?? "")\": expected min or max")
            }
            attestation.version = fields.removeValue(forKey: "version")
            guard ["v0.2", "v1", nil].contains(attestation.version) else {
                throw wrong("invalid version \"\(attestation.version ?? "")\": expected v0.2 or v1")
            }
        } else if fields.removeValue(forKey: "generator") != nil {
            throw GantryError.unsupported(
                "`generator` of an SBOM is not offered: no scanner is run, the image's package records are read")
        }
        if let unknown = fields.keys.min() {
            throw GantryError.unsupported("the option `\(unknown)` of `--attest type=\(kind)` is not offered")
        }
        return (kind, attestation)
    }
}
