package import LinuxSystem
package import ShimProtocol

/// Steps for the shim, and the descriptors that they name by index.
package struct Plan: Sendable {
    package private(set) var steps: [PlanStep] = []
    package private(set) var descriptors: [OwnedDescriptor] = []

    /// What the daemon does while the child waits; nil when it never does.
    var daemonPart: DaemonPart?

    package init() {}

    /// One without descriptors, to explain failures with.
    init(steps: [PlanStep]) { self.steps = steps }

    mutating func add(_ operation: PlanOperation, _ numbers: [UInt64] = [], _ strings: [String] = []) {
        steps.append(PlanStep(operation, numbers: numbers, strings: strings.map { Array($0.utf8) }))
    }

    mutating func add(_ operation: PlanOperation, _ numbers: [UInt64], bytes: [UInt8]) {
        steps.append(PlanStep(operation, numbers: numbers, strings: [bytes]))
    }

    mutating func add(_ operation: PlanOperation, _ numbers: [UInt64], bytes: [[UInt8]]) {
        steps.append(PlanStep(operation, numbers: numbers, strings: bytes))
    }

    /// - Returns: the index by which steps name `descriptor`.
    mutating func index(of descriptor: OwnedDescriptor) -> UInt64 {
        if let known = descriptors.firstIndex(where: { $0 === descriptor }) { return UInt64(known) }
        descriptors.append(descriptor)
        return UInt64(descriptors.count - 1)
    }

    /// criu makes the container: it alone gets the streams elsewhere than as 0, 1 and 2.
    var isRestore: Bool { steps.last.map { $0.operation == .runtime && $0.numbers.count > 5 } ?? false }

    /// Explains failures as well as the plan itself, and keeps nothing open.
    var withoutDescriptors: Plan {
        var result = self
        result.descriptors = []
        result.daemonPart = nil
        return result
    }

    /// One line per step, for tests and logs: operation, numbers in hexadecimal, strings in quotes (long ones by length).
    package var text: String {
        steps.map { step in
            let numbers = step.numbers.map { "0x" + String($0, radix: 16) }
            let strings = step.strings.map { bytes in
                isBinary(step.operation, bytes) ? "<\(bytes.count) bytes>" : "\"\(String(decoding: bytes, as: UTF8.self))\""
            }
            return (["\(step.operation)"] + numbers + strings).joined(separator: " ")
        }.joined(separator: "\n")
    }

    private func isBinary(_ operation: PlanOperation, _ bytes: [UInt8]) -> Bool {
        switch operation {
        case .seccomp, .affinity, .memoryPolicy, .logService: true
        case .seccompNotify: bytes.first != UInt8(ascii: "{") && bytes.first != UInt8(ascii: "}")
        default: false
        }
    }
}
