import Essentials
import OCI

/// The `tag` of a log: text with `{{.Name}}` and the like. Source: Docker's documentation, "Customize log driver output".
enum LogTag {
    /// What a tag may name, of one container.
    private static let fields: [String: @Sendable (ContainerRecord) -> String] = [
        "ID": { Identifier.short($0.id) },
        "FullID": { $0.id },
        "Name": { $0.name },
        "ImageID": { String($0.imageID.description.prefix(12)) },
        "ImageFullID": { $0.imageID.description },
        "ImageName": { $0.settings.image },
        "DaemonName": { _ in "docker" },
        "Command": { $0.program.joined(separator: " ") },
        "Hostname": { _ in HostInformation.hostname() },
    ]

    private enum Part { case text(String), field(String) }

    /// - Throws: `invalid` for anything in double braces that is not one of the fields.
    static func check(_ template: String) throws(GantryError) { _ = try parse(template) }

    static func render(_ template: String, _ record: ContainerRecord) throws(GantryError) -> String {
        var result = ""
        for part in try parse(template) {
            switch part {
            case .text(let text): result += text
            case .field(let name): result += fields[name]?(record) ?? ""
            }
        }
        return result
    }

    private static func parse(_ template: String) throws(GantryError) -> [Part] {
        var parts: [Part] = []
        var rest = template[...]
        while let start = rest.firstRange(of: "{{") {
            parts.append(.text(String(rest[..<start.lowerBound])))
            rest = rest[start.upperBound...]
            guard let end = rest.firstRange(of: "}}") else { throw .invalid("cannot read the tag `\(template)`: `{{` has no end") }
            let name = rest[..<end.lowerBound].filter { $0 != " " }
            guard name.hasPrefix("."), fields[String(name.dropFirst())] != nil else {
                throw .invalid(
                    "cannot read the tag `\(template)`: `{{\(name)}}` is not known",
                    hint: "known are \(fields.keys.sorted().map { "{{.\($0)}}" }.joined(separator: ", "))")
            }
            parts.append(.field(String(name.dropFirst())))
            rest = rest[end.upperBound...]
        }
        return parts + [.text(String(rest))]
    }
}
