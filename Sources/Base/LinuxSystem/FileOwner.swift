internal import CLinux

/// Makes files as another user, with the rights of this process: for mounts where this process's own user has no id.
package enum FileOwner {
    /// Runs `body` on this thread; what it makes belongs to the given ids until it says otherwise. Source: setfsuid(2).
    package static func run<Value>(user: UInt32, group: UInt32, _ body: () throws -> Value) throws -> Value {
        var (effective, permitted, inheritable): (UInt64, UInt64, UInt64) = (0, 0, 0)
        try check("capget") { gantry_capget(&effective, &permitted, &inheritable) }
        gantry_setfsids(user, group)
        defer {
            gantry_setfsids(geteuid(), getegid())
            // Cannot fail: these are the rights from before.
            _ = gantry_capset(effective, permitted, inheritable)
        }
        // The change of user has taken away the rights over files.
        try check("capset") { gantry_capset(effective, permitted, inheritable) }
        return try body()
    }
}
