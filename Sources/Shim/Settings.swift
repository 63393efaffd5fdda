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
