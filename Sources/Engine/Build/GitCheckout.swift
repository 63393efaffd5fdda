import Builder
import CLinux
import Dockerfile
import Essentials
import LinuxSystem

/// Fetches git repositories with the host's `git`, which is told everything by arguments and a clean environment: no
/// configuration, hooks, helpers or prompts, and only protocols that reach out of this machine.
struct GitCheckout: Sendable {
    var source: GitSource
    var secrets: [String: [UInt8]] = [:]
    /// Path of the socket of an ssh agent.
    var agentPath: String?

    /// A repository and what was found there.
    struct Revision: Sendable {
        var commit: String
        /// Seconds since 1970.
        var committedAt: Int64
    }

    /// The commit that the reference stands for now.
    /// - Throws: `unavailable` when the remote cannot be reached, `notFound` when it has no such reference.
    func commit() async throws -> String {
        if let reference = source.reference, reference.utf8.count == 40, reference.allSatisfy(\.isHexDigit) { return reference }
        let name = source.reference ?? "HEAD"
        let output = try await git(["ls-remote", "--", source.address, name, "refs/heads/\(name)", "refs/tags/\(name)^{}"])
        var found: [String: String] = [:]
        for line in output.split(separator: "\n") {
            let parts = line.split(separator: "\t").map(String.init)
            if parts.count == 2, parts[0].count >= 40, parts[0].allSatisfy(\.isHexDigit) { found[parts[1]] = parts[0] }
        }
        // An annotated tag stands for what it points at.
        for wanted in ["refs/tags/\(name)^{}", "refs/heads/\(name)", "refs/tags/\(name)", name] {
            if let commit = found[wanted] { return commit }
        }
        // The beginning of a commit's id is known only to who has the commits.
        guard name.count >= 4, name.allSatisfy(\.isHexDigit) else {
            throw GantryError.notFound("the repository `\(source.publicAddress)` has no reference `\(name)`")
        }
        return name
    }

    /// Fetches and checks out into `path`, an empty directory.
    /// - Parameter scratch: where the repository is kept meanwhile.
    @discardableResult
    func fetch(
        into path: String, scratch: String, commit known: String? = nil, keepsGitDirectory: Bool = false
    ) async throws -> Revision {
        let wanted: String
        if let known { wanted = known } else { wanted = try await commit() }
        try await git(["init", "-q", "--", path])
        do {
            try await git(["-C", path, "fetch", "-q", "--no-tags", "--depth", "1", "--", source.address, wanted])
        } catch {
            // Old servers give no single commit, and a plain web server no part of a history.
            try await git(["-C", path, "fetch", "-q", "--tags", "--", source.address, "+refs/heads/*:refs/remotes/origin/*"])
            try await git(["-C", path, "update-ref", "FETCH_HEAD", "\(wanted)^{commit}"])
        }
        try await git(["-C", path, "checkout", "-q", "--force", "--detach", "FETCH_HEAD", "--"])
        if source.fetchesSubmodules, FileSystem.exists("\(path)/.gitmodules") {
            try await git(["-C", path, "submodule", "-q", "update", "--init", "--recursive", "--depth", "1"])
        }
        let line = try await git(["-C", path, "log", "-1", "--format=%H %ct"]).split(separator: " ").map { String($0) }
        guard line.count == 2, let time = Int64(line[1].prefix { $0.isNumber }) else {
            throw GantryError.unavailable("cannot read the commit of `\(source.publicAddress)`")
        }
        try check(line[0])
        if keepsGitDirectory {
            // The reflog and the index hold times of this checkout.
            for name in ["logs", "FETCH_HEAD", "ORIG_HEAD"] where FileSystem.exists("\(path)/.git/\(name)") {
                try FileSystem.removeTree("\(path)/.git/\(name)")
            }
        } else {
            try await BlockingWork.run { try Self.removeGit(below: OwnedDescriptor.open(path, O_RDONLY | O_DIRECTORY), path) }
        }
        return Revision(commit: line[0], committedAt: time)
    }

    /// - Throws: `invalid` when a checksum was given and the commit is another.
    func check(_ commit: String) throws {
        if let checksum = source.checksum, !commit.hasPrefix(checksum.lowercased()) {
            throw GantryError.invalid("expected checksum to match \(checksum), got \(commit)")
        }
    }

    /// Takes `.git` away, also the files of that name in submodules.
    private static func removeGit(below directory: OwnedDescriptor, _ path: String) throws {
        for name in try DirectoryReader(descriptor: directory).names() {
            let entry = try directory.openEntry(name)
            let text = "\(path)/\(String(decoding: name, as: UTF8.self))"
            if name == Array(".git".utf8) {
                try FileSystem.removeTree(text)
            } else if try entry.status().kind == .directory {
                try removeGit(below: try directory.openEntry(name, O_RDONLY | O_DIRECTORY), text)
            }
        }
    }

    // MARK: git itself

    @discardableResult
    private func git(_ arguments: [String]) async throws -> String {
        var settings = [
            "core.hooksPath=/dev/null", "core.fsmonitor=false", "credential.helper=", "protocol.allow=never",
            "protocol.https.allow=always", "protocol.http.allow=always", "protocol.git.allow=always",
            "protocol.ssh.allow=always", "advice.detachedHead=false", "gc.auto=0", "init.defaultBranch=main",
            "core.protectNTFS=true", "core.protectHFS=true",
        ]
        settings += authorization()
        var environment = [
            "PATH=/usr/local/bin:/usr/bin:/bin", "HOME=/nonexistent", "GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=/dev/null",
            "GIT_TERMINAL_PROMPT=0", "GIT_ASKPASS=true", "LC_ALL=C", "GIT_CONFIG_COUNT=\(settings.count)",
            "GIT_SSH_COMMAND=ssh -o BatchMode=yes -o StrictHostKeyChecking=accept-new -o UserKnownHostsFile=/dev/null",
        ]
        // Settings that may hold a token are not seen among the arguments of a process.
        for (number, setting) in settings.enumerated() {
            let pair = setting.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            environment += ["GIT_CONFIG_KEY_\(number)=\(pair[0])", "GIT_CONFIG_VALUE_\(number)=\(pair[1])"]
        }
        if let agentPath { environment.append("SSH_AUTH_SOCK=\(agentPath)") }
        let result: HostProgram.Result
        do { result = try await HostProgram.run(["git"] + arguments, environment: environment) } catch let error as SystemError {
            throw GantryError.unsupported("git repositories need the program `git` on the daemon's host", cause: error)
        }
        try Task.checkCancellation()
        guard result.status == 0 else {
            let text = Self.withoutAccount(result.output, source)
            throw GantryError.unavailable("git \(arguments.first { !$0.hasPrefix("-") && !$0.hasPrefix("/") } ?? ""): \(text)")
        }
        return result.output
    }

    /// Tokens for https, as secrets GIT_AUTH_HEADER and GIT_AUTH_TOKEN give them, for all hosts or for one.
    private func authorization() -> [String] {
        guard source.address.hasPrefix("https://") || source.address.hasPrefix("http://") else { return [] }
        let host = String(source.address.drop { $0 != ":" }.dropFirst(3).prefix { $0 != "/" })
        func secret(_ name: String) -> String? {
            (secrets["\(name).\(host)"] ?? secrets[name]).map { bytes in
                String(decoding: bytes, as: UTF8.self).filter { !$0.isNewline }
            }
        }
        var header = secret("GIT_AUTH_HEADER")
        if header == nil, let token = secret("GIT_AUTH_TOKEN") {
            header = "basic " + Base64Text.encode(Array("x-access-token:\(token)".utf8))
        }
        return header.map { ["http.\(source.address).extraHeader=Authorization: \($0)"] } ?? []
    }

    private static func withoutAccount(_ text: String, _ source: GitSource) -> String {
        let line = text.replacing(source.address, with: source.publicAddress).split(separator: "\n").last.map(String.init)
        return line ?? "failed"
    }
}
