package import Dockerfile
package import LinuxSystem
package import OCI

/// What a build needs of the engine: images, layers and processes.
package protocol BuildWorker: Sendable {
    /// Finds a base image, pulling it when it is missing or `pull` is set.
    func resolveBase(
        _ reference: Reference, platform: Platform, pull: Bool, progress: @escaping @Sendable (String, Int64?, Int64?) -> Void
    ) async throws -> BaseImage
    /// The root directory of a chain of layers, for reading; nil gives an empty directory.
    func openReadOnly(chainID: Digest?) async throws -> OwnedDescriptor
    /// A place to write on top of `parent`; ended by ``commit(_:)`` or ``discard(_:)``, one of which is always called.
    func beginStep(parent: Digest?) async throws -> StepWorkspace
    /// The workspace's root directory, writable beneath with `openInRoot`. Let go of it before the workspace is used by a
    /// process or ended.
    func openWritable(_ workspace: StepWorkspace) async throws -> OwnedDescriptor
    /// The directory that receives what is written to the workspace, for new trees that nobody else looks at.
    func openUpper(_ workspace: StepWorkspace) async throws -> OwnedDescriptor
    /// The files of a chain's last layer by themselves, to share them with another layer; nil when it is not there.
    func openLayer(_ chainID: Digest) async throws -> OwnedDescriptor?
    /// Runs a process with the workspace as its root and gives its exit code; ends it when the task is cancelled.
    /// - Parameter output: comes back when there is room for more.
    func run(
        _ request: RunRequest, in workspace: StepWorkspace, output: @escaping @Sendable (BuildOutputStream, [UInt8]) async -> Void
    ) async throws -> Int32
    /// Keeps what was written as a layer.
    /// - Parameter notLaterThan: nanoseconds since 1970 that later modification times are set to; nil leaves all as they are.
    func commit(_ workspace: StepWorkspace, notLaterThan: Int64?) async throws -> StepLayer
    func discard(_ workspace: StepWorkspace) async
    /// Keeps what a step's mounts show beyond the step; secrets and agents only for as long as a client holds them.
    func keep(_ mounts: [StepMount]) async throws -> KeptMounts
    /// True when the chain of layers is still there.
    func hasLayers(_ chainID: Digest) async throws -> Bool
    /// Gets a file for ADD.
    func fetch(_ url: String) async throws -> FetchedFile
    /// The commit that a repository's reference stands for now.
    func gitCommit(_ source: GitSource) async throws -> String
    /// The files of a commit, without what git itself keeps unless asked for.
    func gitFiles(_ source: GitSource, commit: String, keepsGitDirectory: Bool) async throws -> GitFiles
    /// An image of the engine's by its id.
    func localImage(_ id: Digest) async throws -> BaseImage
    /// The chain of layers with the one layer of `chainID` on top of `parent`.
    func stack(_ chainID: Digest, onto parent: Digest) async throws -> Digest
    /// Puts the layers between `base` and `chainID` together as one.
    func squash(_ chainID: Digest, onto base: Digest?) async throws -> StepLayer
    /// Stores the image and gives its id; names it with `tags`.
    func createImage(config: ImageConfig, chainID: Digest?, tags: [Reference]) async throws -> Digest
}

/// A base image as found.
package struct BaseImage: Sendable {
    package var config: ImageConfig
    /// The image's id.
    package var digest: Digest
    /// Of its last layer; nil when it has none.
    package var chainID: Digest?

    package init(config: ImageConfig, digest: Digest, chainID: Digest?) {
        self.config = config
        self.digest = digest
        self.chainID = chainID
    }
}

/// A place where a step writes.
package struct StepWorkspace: Sendable, Hashable {
    package var id: String

    package init(id: String) { self.id = id }
}

/// A finished layer.
package struct StepLayer: Sendable {
    /// Of the chain that ends in this layer.
    package var chainID: Digest
    package var diffID: Digest
    /// Bytes on disk.
    package var size: Int64

    package init(chainID: Digest, diffID: Digest, size: Int64) {
        self.chainID = chainID
        self.diffID = diffID
        self.size = size
    }
}

/// A process of RUN.
package struct RunRequest: Sendable {
    package var arguments: [String]
    /// `NAME=value`.
    package var environment: [String]
    package var workingDirectory: String
    /// As USER has it; empty for root.
    package var user: String
    /// As ``identify(in:)`` found it.
    package private(set) var userID: UInt32 = 0
    package private(set) var groupID: UInt32 = 0
    package private(set) var supplementaryGroups: [UInt32] = []
    /// As BuildOptions.networkMode, with RUN's own flag applied.
    package var networkMode: String
    package var extraHosts: [String]
    package var hostname: String
    package var limits: BuildLimits
    package var mounts: [StepMount]
    /// All capabilities and no filter: only with the entitlement.
    package var isInsecure = false
    /// What the program is made for.
    package var platform = Platform.host

    init(
        arguments: [String], environment: [String], workingDirectory: String, user: String, networkMode: String,
        extraHosts: [String], hostname: String, limits: BuildLimits, mounts: [StepMount]
    ) {
        self.arguments = arguments
        self.environment = environment
        self.workingDirectory = workingDirectory
        self.user = user
        self.networkMode = networkMode
        self.extraHosts = extraHosts
        self.hostname = hostname
        self.limits = limits
        self.mounts = mounts
    }

    /// Looks up whom the user means, and its home, in the accounts of the root where the process will run. Blocks.
    /// - Throws: `invalid` when there is no such user or group.
    package mutating func identify(in root: OwnedDescriptor) throws {
        let who = try Accounts(root: root).identity(user)
        userID = who.user
        groupID = who.group
        supplementaryGroups = who.supplementary
        if !environment.contains(where: { $0.hasPrefix("HOME=") }) { environment.append("HOME=\(who.home)") }
    }
}

/// A mount of RUN, targets absolute.
package enum StepMount: Sendable {
    /// A directory or file, there as long as the process runs.
    case bind(source: BindSource, target: String, readOnly: Bool)
    /// A directory that outlives the build.
    case cache(CacheMount)
    /// Bytes; nil for the kernel's default size.
    case tmpfs(target: String, sizeBytes: Int64?)
    /// A file that only this process sees.
    case file(PrivateFile)
    /// The socket of an ssh agent.
    case agent(id: String, target: String, mode: UInt32, userID: UInt32, groupID: UInt32)
}

/// A secret or script for one process.
package struct PrivateFile: Sendable {
    package var content: [UInt8]
    package var target: String
    package var mode: UInt32
    package var userID: UInt32 = 0
    package var groupID: UInt32 = 0
}

/// Mounts of a step that has failed.
package struct KeptMounts: Sendable {
    /// Each as `--mount` of `run` takes it; what was a bind is read-only, from an image made for it.
    package var words: [String]
    /// By which a client holds secrets and agents among them; nil when there are none.
    package var holder: String?

    package init(words: [String] = [], holder: String? = nil) {
        self.words = words
        self.holder = holder
    }
}

/// A directory for RUN that is kept from build to build.
package struct CacheMount: Sendable {
    package var id: String
    package var target: String
    package var readOnly = false
    /// One step at a time.
    package var isExclusive = false
    package var mode: UInt32 = 0o755
    package var userID: UInt32 = 0
    package var groupID: UInt32 = 0
    /// What it holds at first.
    package var seed: BindSource?

    package init(id: String, target: String) {
        self.id = id
        self.target = target
    }
}

/// Where a bind mount's content is.
package enum BindSource: Sendable {
    /// A path in the build context, seen from its root.
    case context(String)
    /// A path in a workspace that nothing else uses.
    case workspace(StepWorkspace, String)
}

/// A commit's files.
package struct GitFiles: Sendable {
    package var root: OwnedDescriptor
    /// Nanoseconds since 1970.
    package var committedAt: Int64

    package init(root: OwnedDescriptor, committedAt: Int64) {
        self.root = root
        self.committedAt = committedAt
    }
}

/// A file from elsewhere.
package struct FetchedFile: Sendable {
    /// Its content, opened for reading.
    package var content: OwnedDescriptor
    /// Last-Modified in nanoseconds since 1970; nil when the server said nothing.
    package var modifiedAt: Int64?
    /// From Content-Disposition; nil when the URL's last part is the name.
    package var name: String?

    package init(content: OwnedDescriptor, modifiedAt: Int64? = nil, name: String? = nil) {
        self.content = content
        self.modifiedAt = modifiedAt
        self.name = name
    }
}
