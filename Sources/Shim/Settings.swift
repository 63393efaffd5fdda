/// What the plan says of the shim's own work.
struct Settings {
    var terminal = false
    var openStdin = false
    var stdinOnce = false
    /// Someone else minds the process: the shim ends once it runs.
    var leaves = false
    /// The outputs hold so much that they can be left alone for a moment.
    var hasLargePipes = false
    var outOfMemoryFile: [UInt8] = []
}

/// What the child says to the shim in one byte.
enum ChildMessage {
    /// Comes with the terminal's master.
    static let terminal: UInt8 = 0
    static let held: UInt8 = 1
    static let announced: UInt8 = 2
    static let awaitsDaemon: UInt8 = 3
}
