/// Paths as text, for paths that are only compared, never opened. Source: Go, path.Clean.
package enum CleanPath {
    /// `a//b/./c/..` → `a/b`; an empty path becomes `.`; an absolute path keeps its slash and never leaves it.
    package static func clean(_ path: String) -> String {
        let absolute = path.hasPrefix("/")
        var parts: [Substring] = []
        for part in path.split(separator: "/") where part != "." {
            if part == ".." {
                if let last = parts.last, last != ".." { parts.removeLast() } else if !absolute { parts.append(part) }
            } else {
                parts.append(part)
            }
        }
        let joined = parts.joined(separator: "/")
        return absolute ? "/" + joined : (joined.isEmpty ? "." : joined)
    }

    /// `path` below `/`, however many `..` it holds, without the slash: `../../a` → `a`, `/` → an empty text.
    package static func relative(_ path: String) -> String { String(clean("/" + path).dropFirst()) }

    /// The last component.
    package static func name(_ path: String) -> String {
        path.split(separator: "/").last.map(String.init) ?? ""
    }
}
