import FoundationEssentials

/// The records of package managers as text. Pure.
enum PackageRecords {
    /// Before a line's end it would hide the end: Swift takes both for one character.
    private static let carriageReturn = UInt8(ascii: "\r")

    /// Source: deb-control(5), dpkg's `status`; package-url, types, deb.
    static func debian(_ text: String, _ system: SystemRelease, source: String) -> [FoundPackage] {
        paragraphs(text).compactMap { fields in
            guard let name = fields["Package"], let version = fields["Version"] else { return nil }
            // A file for each package has no status; elsewhere packages that were removed are still listed.
            if let status = fields["Status"], !status.hasSuffix(" installed") { return nil }
            let url = PackageURL.package(
                "deb", space: system.id.isEmpty ? "debian" : system.id, name: name, version: version,
                qualifiers: [("arch", fields["Architecture"] ?? ""), ("distro", system.name)])
            return FoundPackage(name: name, version: version, url: url, source: source)
        }
    }

    /// Source: apk-tools, installed database: `P` name, `V` version, `A` architecture, `L` licence.
    static func alpine(_ text: String, _ system: SystemRelease, source: String) -> [FoundPackage] {
        text.split(separator: "\n\n").compactMap { block in
            var fields: [Character: String] = [:]
            for line in block.split(separator: "\n") where line.dropFirst().first == ":" {
                if let key = line.first, fields[key] == nil { fields[key] = String(line.dropFirst(2)) }
            }
            guard let name = fields["P"], let version = fields["V"] else { return nil }
            let url = PackageURL.package(
                "apk", space: system.id.isEmpty ? "alpine" : system.id, name: name, version: version,
                qualifiers: [("arch", fields["A"] ?? ""), ("distro", system.name)])
            return FoundPackage(name: name, version: version, url: url, license: fields["L"] ?? "", source: source)
        }
    }

    /// Source: Python packaging, Core metadata; package-url, types, pypi.
    static func python(_ bytes: [UInt8], source: String) -> FoundPackage? {
        // The description follows an empty line.
        let head =
            String(decoding: bytes.filter { $0 != carriageReturn }, as: UTF8.self).split(separator: "\n\n", maxSplits: 1).first
            ?? ""
        guard let fields = paragraphs(String(head)).first, let name = fields["Name"], let version = fields["Version"] else {
            return nil
        }
        let normal = String(name.lowercased().map { $0 == "_" || $0 == "." ? "-" : $0 })
        return FoundPackage(
            name: name, version: version, url: PackageURL.package("pypi", name: normal, version: version),
            license: fields["License-Expression"] ?? fields["License"] ?? "", source: source)
    }

    /// Source: npm, package.json; package-url, types, npm.
    static func npm(_ bytes: [UInt8], source: String) -> FoundPackage? {
        struct License: Decodable {
            var text: String?
            init(from decoder: any Decoder) throws { text = try? decoder.singleValueContainer().decode(String.self) }
        }
        struct Manifest: Decodable {
            var name: String?
            var version: String?
            var license: License?
        }
        guard let manifest = try? JSONDecoder().decode(Manifest.self, from: Data(bytes)), let name = manifest.name,
            let version = manifest.version
        else { return nil }
        let parts = name.split(separator: "/", maxSplits: 1).map(String.init)
        let url = PackageURL.package(
            "npm", space: parts.count > 1 ? parts[0] : "", name: parts.last ?? name, version: version)
        return FoundPackage(name: name, version: version, url: url, license: manifest.license?.text ?? "", source: source)
    }

    /// Fields of each paragraph; lines that go on are left out.
    private static func paragraphs(_ text: String) -> [[String: String]] {
        var result: [[String: String]] = []
        var fields: [String: String] = [:]
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            if line.allSatisfy(\.isWhitespace) {
                if !fields.isEmpty { result.append(fields) }
                fields = [:]
            } else if let first = line.first, !first.isWhitespace, let colon = line.firstIndex(of: ":") {
                let key = String(line[..<colon])
                let value = line[line.index(after: colon)...].drop { $0 == " " }
                if fields[key] == nil { fields[key] = String(value) }
            }
        }
        return fields.isEmpty ? result : result + [fields]
    }
}
