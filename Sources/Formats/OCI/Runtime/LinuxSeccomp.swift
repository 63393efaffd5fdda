/// A filter on system calls. Source: OCI runtime-spec, config-linux, Seccomp.
package struct LinuxSeccomp: Sendable, Equatable, Codable {
    /// `SCMP_ACT_ERRNO` and the like.
    package var defaultAction: String
    package var defaultErrnoRet: UInt32?
    package var architectures: [String]?
    package var flags: [String]?
    package var syscalls: [Rule]?
    /// Socket of whoever decides on calls with `SCMP_ACT_NOTIFY`.
    package var listenerPath: String?
    /// Told to it as it is.
    package var listenerMetadata: String?

    package init(defaultAction: String, defaultErrnoRet: UInt32? = nil, architectures: [String]? = nil, syscalls: [Rule] = []) {
        self.defaultAction = defaultAction
        self.defaultErrnoRet = defaultErrnoRet
        self.architectures = architectures
        self.syscalls = syscalls
    }

    package struct Rule: Sendable, Equatable, Codable {
        package var names: [String]
        package var action: String
        package var errnoRet: UInt32?
        package var args: [Condition]?

        package init(names: [String], action: String, errnoRet: UInt32? = nil, args: [Condition]? = nil) {
            self.names = names
            self.action = action
            self.errnoRet = errnoRet
            self.args = args
        }
    }

    /// `op` as `SCMP_CMP_MASKED_EQ`, whose mask is `value` and whose wanted bits are `valueTwo`.
    package struct Condition: Sendable, Equatable, Codable {
        package var index: UInt32
        package var value: UInt64
        package var valueTwo: UInt64?
        package var op: String

        package init(index: UInt32, value: UInt64, valueTwo: UInt64? = nil, op: String) {
            self.index = index
            self.value = value
            self.valueTwo = valueTwo
            self.op = op
        }
    }
}
