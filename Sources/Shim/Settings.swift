/// What the plan says of the shim's own work.
struct Settings {
    var terminal = false
    var openStdin = false
    var stdinOnce = false
    var outOfMemoryFile: [UInt8] = []
}
