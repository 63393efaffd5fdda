/// What the plan says of the shim's own work.
struct Settings {
    var terminal = false
    var openStdin = false
    var stdinOnce = false
    /// Someone else minds the process: the shim ends once it runs.
    var leaves = false
    var outOfMemoryFile: [UInt8] = []
}
