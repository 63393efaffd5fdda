import CLinux
import Essentials
import LinuxSystem

/// Finds what is installed in a tree by the records that package managers keep in it. Blocks; reads and runs nothing else.
struct PackageScan {
    private static let largestRecord = 64 << 20
    private static let largestManifest = 4 << 20
    private static let deepest = 100
    /// Not looked into: what they show is not the image's.
    private static let skipped: Set<String> = ["/proc", "/sys", "/dev"]

    let root: OwnedDescriptor
    /// A directory of ours for a database that has to be a file.
    let scratch: String
    private(set) var packages: [FoundPackage] = []

    init(root: OwnedDescriptor, scratch: String) {
        self.root = root
        self.scratch = scratch
    }

    /// - Returns: sorted by package URL, each once.
    mutating func run() throws -> [FoundPackage] {
        let system = SystemRelease(try text("/etc/os-release") ?? text("/usr/lib/os-release") ?? "")
        try debian(system)
        for path in ["/lib/apk/db/installed", "/usr/lib/apk/db/installed"] {
            if let records = try text(path) { packages += PackageRecords.alpine(records, system, source: path) }
        }
        for path in ["/var/lib/rpm/rpmdb.sqlite", "/usr/lib/sysimage/rpm/rpmdb.sqlite"] {
            guard let file = try open(path) else { continue }
            packages += try RPMDatabase.packages(file, log: try open(path + "-wal"), system, source: path, scratch: scratch)
        }
        try walk(root.openInRoot("/", O_RDONLY | O_DIRECTORY), "", depth: 0)
        var seen: Set<String> = []
        return packages.filter { seen.insert($0.url).inserted }.sorted { ($0.url, $0.source) < ($1.url, $1.source) }
    }

    /// One file of all packages, or one file for each, as in images without a package manager.
    private mutating func debian(_ system: SystemRelease) throws {
        var paths = ["/var/lib/dpkg/status"]
        if let folder = try open("/var/lib/dpkg/status.d", O_DIRECTORY) {
            for name in try DirectoryReader(descriptor: folder).names().map({ String(decoding: $0, as: UTF8.self) })
            where !name.hasSuffix(".md5sums") { paths.append("/var/lib/dpkg/status.d/\(name)") }
        }
        for path in paths { if let records = try text(path) { packages += PackageRecords.debian(records, system, source: path) } }
    }

    /// Python's and npm's records lie wherever the packages do.
    private mutating func walk(_ directory: OwnedDescriptor, _ path: String, depth: Int) throws {
        // Each level keeps a directory open; no package manager goes as deep.
        guard depth < Self.deepest else { return }
        for name in try DirectoryReader(descriptor: directory).names() {
            let text = String(decoding: name, as: UTF8.self)
            let below = "\(path)/\(text)"
            let status: FileStatus
            do throws(SystemError) { status = try FileStatus(name, in: directory) } catch {
                if error.errno == ENOENT { continue }
                throw error
            }
            guard status.kind == .directory, !Self.skipped.contains(below) else { continue }
            let child = try directory.openEntry(name, O_RDONLY | O_DIRECTORY)
            if text.hasSuffix(".dist-info"), let record = try small("METADATA", in: child) {
                if let found = PackageRecords.python(record, source: "\(below)/METADATA") { packages.append(found) }
            } else if text.hasSuffix(".egg-info"), let record = try small("PKG-INFO", in: child) {
                if let found = PackageRecords.python(record, source: "\(below)/PKG-INFO") { packages.append(found) }
            } else if Self.isModule(path), let record = try small("package.json", in: child) {
                if let found = PackageRecords.npm(record, source: "\(below)/package.json") { packages.append(found) }
            }
            try walk(child, below, depth: depth + 1)
        }
    }

    /// `…/node_modules`, or a scope in it.
    private static func isModule(_ path: String) -> Bool {
        let parts = path.split(separator: "/")
        if parts.last == "node_modules" { return true }
        return parts.count > 1 && parts.last?.first == "@" && parts[parts.count - 2] == "node_modules"
    }

    private func small(_ name: String, in directory: OwnedDescriptor) throws -> [UInt8]? {
        try content { try directory.openBeneath(name, O_RDONLY | O_NONBLOCK | O_NOFOLLOW) }.flatMap { file in
            try file.readAll(limit: Self.largestManifest)
        }
    }

    private func text(_ path: String) throws -> String? {
        try open(path).map { String(decoding: try $0.readAll(limit: Self.largestRecord), as: UTF8.self) }
    }

    private func open(_ path: String, _ flags: CInt = 0) throws -> OwnedDescriptor? {
        try content(flags & O_DIRECTORY != 0) { try root.openInRoot(path, O_RDONLY | O_NONBLOCK | flags) }
    }

    /// Nil for what is not there or is no regular file: the image decides what lies under a name.
    private func content(_ isDirectory: Bool = false, _ open: () throws -> OwnedDescriptor) throws -> OwnedDescriptor? {
        do {
            let file = try open()
            return try isDirectory || file.status().kind == .regular ? file : nil
        } catch let error as SystemError {
            if [ENOENT, ENOTDIR, ELOOP, ENXIO].contains(error.errno) { return nil }
            throw error
        }
    }
}

/// What `/etc/os-release` says. Source: os-release(5).
struct SystemRelease {
    var id = ""
    var version = ""

    init(_ text: String) {
        for line in text.split(separator: "\n") {
            let parts = line.split(separator: "=", maxSplits: 1)
            guard parts.count == 2 else { continue }
            let value = parts[1].filter { $0 != "\"" && $0 != "'" }
            if parts[0] == "ID" { id = value }
            if parts[0] == "VERSION_ID" { version = value }
        }
    }

    /// The qualifier of package URLs: `debian-12`.
    var name: String { id.isEmpty || version.isEmpty ? id : "\(id)-\(version)" }
}
