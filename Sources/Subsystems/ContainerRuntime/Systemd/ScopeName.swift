internal import Essentials

/// A container's scope unit and the slice that it lies in. Source: systemd.slice(5), systemd.scope(5).
struct ScopeName: Equatable {
    /// `system.slice`, or nested `a-b.slice`, which lies in `a.slice`.
    var slice: String
    /// `prefix-name.scope`.
    var unit: String

    /// - Parameter cgroupsPath: `slice:prefix:name`, the form of the OCI runtimes that speak with systemd; nil for the default.
    init(_ cgroupsPath: String?, id: String) throws(GantryError) {
        guard let cgroupsPath, !cgroupsPath.isEmpty else {
            (slice, unit) = ("system.slice", "gantry-\(id).scope")
            return
        }
        let parts = cgroupsPath.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 3, !parts[2].isEmpty, !cgroupsPath.contains("/"), !cgroupsPath.utf8.contains(0) else {
            throw .invalid(
                "cgroup path `\(cgroupsPath)` is not of the form slice:prefix:name, which systemd's driver needs")
        }
        slice = parts[0].isEmpty ? "system.slice" : parts[0]
        guard Self.isSlice(slice) else { throw .invalid("`\(slice)` is not the name of a systemd slice, such as `system.slice`") }
        unit = parts[1].isEmpty ? "\(parts[2]).scope" : "\(parts[1])-\(parts[2]).scope"
    }

    /// The scope at a path that ``path`` gave.
    init(path: String) {
        let parts = path.split(separator: "/").map(String.init)
        unit = parts.last ?? ""
        slice = parts.dropLast().last ?? "-.slice"
    }

    /// Below the cgroup mounts: each dash in a slice's name is a level.
    var path: String {
        var levels: [String] = []
        if slice != "-.slice" {
            var name = ""
            for part in slice.dropLast(".slice".count).split(separator: "-") {
                name += name.isEmpty ? String(part) : "-\(part)"
                levels.append("\(name).slice")
            }
        }
        return "/" + (levels + [unit]).joined(separator: "/")
    }

    /// `x.slice`, `x-y.slice` or the root `-.slice`; no empty levels.
    static func isSlice(_ text: String) -> Bool {
        if text == "-.slice" { return true }
        guard text.hasSuffix(".slice"), !text.contains("/") else { return false }
        let parts = text.dropLast(".slice".count).split(separator: "-", omittingEmptySubsequences: false)
        return parts.allSatisfy { !$0.isEmpty && $0 != "." && $0 != ".." }
    }
}
