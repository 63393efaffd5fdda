@preconcurrency import CLinux

/// The program's own arguments, for which Embedded Swift has no name.
///
/// On the stack the kernel puts the list of arguments and a zero right before the list of the environment, which the C library knows,
/// as it knows the first argument. Source: System V ABI, "Process Initialization".
enum Arguments {
    static func all() -> [UnsafeMutablePointer<CChar>?] {
        guard let first = program_invocation_name, let environment = gantry_environ() else { return [] }
        var result: [UnsafeMutablePointer<CChar>?] = []
        var index = -2
        while let argument = environment[index] {
            result.append(argument)
            if argument == first { break }
            index -= 1
        }
        result.reverse()
        return result
    }
}
