package import LinuxSystem
package import ShimProtocol

/// Steps for the shim, and the descriptors that they name by index.
package struct Plan: Sendable {
    package private(set) var steps: [PlanStep] = []
    package private(set) var descriptors: [OwnedDescriptor] = []

    package init() {}

    mutating func add(_ operation: PlanOperation, _ numbers: [UInt64] = [], _ strings: [String] = []) {
        steps.append(PlanStep(operation, numbers: numbers, strings: strings.map { Array($0.utf8) }))
    }

    mutating func add(_ operation: PlanOperation, _ numbers: [UInt64], bytes: [UInt8]) {
        steps.append(PlanStep(operation, numbers: numbers, strings: [bytes]))
    }

    mutating func add(_ operation: PlanOperation, _ numbers: [UInt64], byteStrings: [[UInt8]]) {
        steps.append(PlanStep(operation, numbers: numbers, strings: byteStrings))
    }

    /// - Returns: the index by which steps name `descriptor`.
    mutating func index(of descriptor: OwnedDescriptor) -> UInt64 {
        if let known = descriptors.firstIndex(where: { $0 === descriptor }) { return UInt64(known) }
        descriptors.append(descriptor)
        return UInt64(descriptors.count - 1)
    }

    /// Explains failures as well as the plan itself, and keeps nothing open.
    var withoutDescriptors: Plan {
        var result = self
        result.descriptors = []
        return result
    }

    /// One line per step, for tests and logs: operation, numbers in hexadecimal, strings in quotes (long ones by length).
    package var text: String {
        steps.map { step in
            let numbers = step.numbers.map { "0x" + String($0, radix: 16) }
            let strings = step.strings.map { bytes in
                step.operation == .seccomp || step.operation == .logService
                    ? "<\(bytes.count) bytes>" : "\"\(String(decoding: bytes, as: UTF8.self))\""
            }
            return (["\(step.operation)"] + numbers + strings).joined(separator: " ")
        }.joined(separator: "\n")
    }
}
