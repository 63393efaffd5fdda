import FoundationEssentials
import Testing

/// Arrows between targets point down only (see the picture in docs/architecture.md): this reads Package.swift and says which one does not.
@Suite struct LayeringTests {
    /// Folders under Sources/, lowest first.
    private static let folders = ["Base", "Formats", "Subsystems", "Engine", "Servers", "Clients", "Programs"]
    /// The only arrows between neighbours above Base; everything else in one folder is a stranger to the other.
    private static let neighbours = ["Builder": ["BuildGraph"], "CLI": ["EngineClient", "Compose"]]

    @Test func targetsDependOnLowerFoldersOnly() throws {
        let targets = try ManifestReader.targets()
        #expect(targets.count > 10, "Package.swift could not be read: only \(targets.count) targets were found in it")
        #expect(Self.complaints(targets).isEmpty, "\(Self.complaints(targets).joined(separator: "\n"))")
    }

    @Test func sidewaysAndUpwardArrowsAreFound() {
        let targets = [
            Target(name: "OCI", folder: "Formats", dependencies: ["Images"]),
            Target(name: "Images", folder: "Subsystems", dependencies: ["OCI", "Networks"]),
            Target(name: "Networks", folder: "Subsystems", dependencies: []),
            Target(name: "CLI", folder: "Clients", dependencies: ["Engine"]),
            Target(name: "Engine", folder: "Engine", dependencies: ["Images"]),
        ]
        #expect(
            Self.complaints(targets) == [
                "`OCI` in Formats/ must not depend on `Images` in Subsystems/, which stands above it",
                "`Images` must not depend on its neighbour `Networks` in Subsystems/",
                "`CLI` in Clients/ must not depend on `Engine`: clients reach the engine through its socket only",
            ])
    }

    struct Target {
        var name: String
        var folder: String
        /// Names of targets of this package.
        var dependencies: [String]
    }

    static func complaints(_ targets: [Target]) -> [String] {
        var complaints: [String] = []
        for (position, target) in targets.enumerated() {
            for name in target.dependencies {
                guard let place = targets.firstIndex(where: { $0.name == name }) else { continue }
                if let complaint = complaint(target, at: position, on: targets[place], at: place) { complaints.append(complaint) }
            }
        }
        return complaints
    }

    private static func complaint(_ target: Target, at position: Int, on other: Target, at place: Int) -> String? {
        guard let own = folders.firstIndex(of: target.folder), let below = folders.firstIndex(of: other.folder) else {
            return target.folder == "Shim" && other.name == "CLinux"
                ? nil : "`\(target.name)` in \(target.folder)/ must not depend on `\(other.name)` in \(other.folder)/"
        }
        if target.folder == "Clients", ["Subsystems", "Engine", "Servers"].contains(other.folder) {
            return
                "`\(target.name)` in Clients/ must not depend on `\(other.name)`: clients reach the engine through its socket only"
        }
        if own == below {
            let allowed = target.folder == "Base" ? place < position : neighbours[target.name]?.contains(other.name) ?? false
            return allowed ? nil : "`\(target.name)` must not depend on its neighbour `\(other.name)` in \(target.folder)/"
        }
        guard own < below else { return nil }
        return "`\(target.name)` in \(target.folder)/ must not depend on `\(other.name)` in \(other.folder)/, which stands above it"
    }
}

/// Finds the targets in the text of Package.swift; it is written regularly enough for that (one `path:` for each target).
enum ManifestReader {
    static func targets() throws -> [LayeringTests.Target] {
        let root = #filePath.split(separator: "/").dropLast(4).joined(separator: "/")
        let bytes = try Data(contentsOf: URL(filePath: "/\(root)/Package.swift"))
        let text = String(decoding: bytes, as: UTF8.self)
        let variables = lists(in: text)
        return text.split(separator: ".target(").flatMap { $0.split(separator: ".executableTarget(") }.flatMap {
            $0.split(separator: ".systemLibrary(")
        }
        .compactMap { piece in target(String(piece), variables: variables) }
    }

    /// Names in quotes of each `let name: … = …` at the top, so that `+ nio` adds nothing unnoticed.
    private static func lists(in text: String) -> [String: [String]] {
        var found: [String: [String]] = [:]
        for line in text.split(separator: "\n") where line.hasPrefix("let ") {
            let name = line.dropFirst(4).prefix { $0.isLetter }
            found[String(name)] = quoted(String(line))
        }
        return found
    }

    private static func target(_ piece: String, variables: [String: [String]]) -> LayeringTests.Target? {
        guard let name = quoted(piece).first, let pathStart = piece.firstRange(of: "path: \"Sources/") else { return nil }
        let path = piece[pathStart.upperBound...].prefix { $0 != "\"" }
        let dependencies = piece.firstRange(of: "dependencies: ").map { piece[$0.upperBound..<pathStart.lowerBound] } ?? ""
        let words = dependencies.split { !$0.isLetter }.map(String.init)
        return LayeringTests.Target(
            name: name, folder: String(path.prefix { $0 != "/" }),
            dependencies: quoted(String(dependencies)) + words.flatMap { variables[$0] ?? [] })
    }

    private static func quoted(_ text: String) -> [String] {
        text.split(separator: "\"", omittingEmptySubsequences: false).enumerated().filter { $0.offset % 2 == 1 }.map {
            String($0.element)
        }
    }
}
