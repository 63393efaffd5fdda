import DockerAPI
import Essentials

/// The fields of one `--output` while they are read.
struct OutputFields {
    let text: String
    private var fields: [String: String] = [:]

    /// - Throws: ``UsageError`` for a field without a value.
    init(_ text: String) throws {
        self.text = text
        for part in CommaFields.split(text) where !part.isEmpty {
            let (key, value) = FlagValue.split(part)
            guard let value else { throw wrong("invalid value \(part)") }
            // Keys of annotations keep their letters.
            let name = key.hasPrefix("annotation") ? key : key.lowercased()
            // Names may be several: `name=a,name=b`.
            fields[name] = name == "name" ? [fields["name"], value].compactMap { $0 }.joined(separator: ",") : value
        }
    }

    func wrong(_ reason: String) -> UsageError { UsageError.invalid(text, flag: "-o, --output", reason) }

    mutating func take(_ name: String) -> String? { fields.removeValue(forKey: name) }

    mutating func require(_ name: String, _ complaint: String) throws -> String {
        guard let value = take(name) else { throw wrong(complaint) }
        return value
    }

    mutating func flag(_ name: String) throws -> Bool? {
        guard let text = take(name) else { return nil }
        guard let value = Bool(goText: text) else { throw wrong("non-bool value specified for \(name)") }
        return value
    }

    mutating func number(_ name: String) throws -> Int? {
        guard let text = take(name) else { return nil }
        guard let value = Int(text) else { throw wrong("non-integer value \(text) specified for \(name)") }
        return value
    }

    /// The first field that nobody took.
    var left: String? { fields.keys.min() }

    mutating func takeAnnotations() throws -> [BuildAdditions.Annotation] {
        var result: [BuildAdditions.Annotation] = []
        for (key, value) in fields.sorted(by: { $0.key < $1.key }) where key.hasPrefix("annotation") {
            guard let dot = key.firstIndex(of: ".") else { continue }
            var place = String(key[..<dot].dropFirst("annotation".count))
            if place.hasPrefix("-") { place.removeFirst() }
            result.append(try BuildAdditions.Annotation(place: place, key: String(key[key.index(after: dot)...]), value: value))
            fields[key] = nil
        }
        return result
    }
}

extension BuildAdditions.Export {
    /// The options that decide on the form. Source: docker buildx build, `--output type=image`.
    init(_ fields: inout OutputFields) throws {
        self.init()
        compression = fields.take("compression")
        switch compression {
        case nil, "uncompressed", "gzip", "zstd": break
        case "estargz":
            throw GantryError.unsupported(
                "`compression=estargz` is not offered: no library for it is part of this program", hint: "use gzip or zstd")
        case let other?: throw fields.wrong("unsupported compression type: \(other)")
        }
        compressionLevel = try fields.number("compression-level")
        if compression == "uncompressed", compressionLevel != nil {
            throw fields.wrong("compression-level has no meaning without compression")
        }
        forcesCompression = try fields.flag("force-compression")
        usesOCITypes = try fields.flag("oci-mediatypes")
        let found = try fields.takeAnnotations()
        annotations = found.isEmpty ? nil : found
    }
}

extension BuildAdditions.Annotation {
    private static let places: Set<String> = ["manifest", "index", "manifest-descriptor", "index-descriptor"]

    /// - Parameter place: `manifest[linux/amd64]`; empty for the manifest of every platform.
    init(place text: String, key: String, value: String) throws {
        var name = text
        var platform: String?
        if let open = text.firstIndex(of: "["), text.hasSuffix("]") {
            name = String(text[..<open])
            platform = String(text[text.index(after: open)...].dropLast())
        }
        if name.isEmpty { name = "manifest" }
        guard Self.places.contains(name) else { throw GantryError.invalid("unknown annotation type: \(name)") }
        guard !key.isEmpty else { throw GantryError.invalid("invalid annotation: the key is empty") }
        self.init(place: name, platform: platform, key: key, value: value)
    }

    /// `[type[platform][,type…]:]key=value` of `--annotation`.
    static func parse(_ text: String) throws -> [BuildAdditions.Annotation] {
        let (left, given) = FlagValue.split(text)
        guard let value = given, !left.isEmpty else {
            throw UsageError.invalid(text, flag: "--annotation", "invalid annotation \"\(text)\", expected key=value")
        }
        guard let colon = left.firstIndex(of: ":") else { return [try Self(place: "", key: left, value: value)] }
        let key = String(left[left.index(after: colon)...])
        return try left[..<colon].split(separator: ",").map { try Self(place: String($0), key: key, value: value) }
    }
}
