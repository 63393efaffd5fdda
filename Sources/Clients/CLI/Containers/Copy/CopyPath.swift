import Essentials

/// A side of `cp`: a path here, a path in a container, or a standard stream.
enum CopySide: Equatable {
    case local(String)
    case container(name: String, path: String)
    case stream

    /// `name:path` names a container, unless it begins like a path. Source: docker CLI, `cp`.
    init(_ text: String) {
        if text == "-" {
            self = .stream
        } else if text.hasPrefix("/") || text.hasPrefix(".") || !text.contains(":") {
            self = .local(text)
        } else {
            let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            self = .container(name: parts[0], path: parts[1])
        }
    }
}

/// Paths of `cp`, where a trailing `/` means a folder and a trailing `/.` means what is in it.
enum CopyPath {
    /// Absolute, with `.` and `..` resolved by text, and the ending kept.
    static func absolute(_ path: String) -> String { keepEnding(of: path, VolumeFlag.absolute(path)) }

    /// `clean` with the ending of `path`.
    static func keepEnding(of path: String, _ clean: String) -> String {
        if meansContent(path) { return clean == "/" ? "/." : clean + "/." }
        if path.hasSuffix("/"), clean != "/" { return clean + "/" }
        return clean
    }

    static func meansContent(_ path: String) -> Bool { path == "." || path.hasSuffix("/.") }
    static func meansFolder(_ path: String) -> Bool { path.hasSuffix("/") || meansContent(path) }

    /// Without `.`, `..`, doubled and trailing slashes.
    static func clean(_ path: String) -> String {
        let isAbsolute = path.hasPrefix("/")
        var parts: [Substring] = []
        for part in path.split(separator: "/") where part != "." {
            if part == "..", let last = parts.last, last != ".." {
                parts.removeLast()
            } else if part != ".." || !isAbsolute {
                parts.append(part)
            }
        }
        let joined = parts.joined(separator: "/")
        return isAbsolute ? "/" + joined : joined.isEmpty ? "." : joined
    }

    /// The folder and the last name; the name is `.` for a path that means content.
    static func split(_ path: String) -> (folder: String, base: String) {
        let clean = clean(path)
        if meansContent(path) { return (clean, ".") }
        guard let slash = clean.lastIndex(of: "/") else { return (".", clean) }
        let folder = slash == clean.startIndex ? "/" : String(clean[..<slash])
        let base = String(clean[clean.index(after: slash)...])
        return (folder, base.isEmpty ? "/" : base)
    }
}

/// Where a copy goes and how its first member is called there. Decided from what both sides are. Source: docker CLI, `cp`.
struct CopyPlan: Equatable {
    /// The folder that is unpacked into.
    var folder: String
    /// The new name of the first member; nil to leave it.
    var name: String?

    /// - Parameter destinationIsFolder: nil when the destination does not exist.
    static func make(sourceIsFolder: Bool, destination: String, destinationIsFolder: Bool?) throws -> CopyPlan {
        let (folder, base) = CopyPath.split(destination)
        switch destinationIsFolder {
        case true?: return CopyPlan(folder: destination, name: nil)
        case false? where sourceIsFolder: throw GantryError.invalid("cannot copy directory")
        case false?: return CopyPlan(folder: folder, name: base)
        case nil where sourceIsFolder:
            // The name the folder gets is the destination's own, not that of what is in it.
            let clean = CopyPath.split(CopyPath.clean(destination))
            return CopyPlan(folder: clean.folder, name: clean.base)
        case nil where CopyPath.meansFolder(destination): throw GantryError.invalid("no such directory")
        case nil: return CopyPlan(folder: folder, name: base)
        }
    }
}
