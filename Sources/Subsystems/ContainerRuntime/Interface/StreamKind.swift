/// Which of a process's outputs bytes came from; a terminal has only `stdout`.
package enum StreamKind: UInt8, Sendable { case stdout = 1, stderr = 2 }
