import CLinux

/// A step that did not work: the kernel's number, and for `execute` what the number alone does not say.
struct Failure: Error {
    var errno: CInt
    var detail: StartReport.Detail = .none

    /// What `errno` holds right now.
    static var last: Failure { Failure(errno: gantry_errno()) }
}

/// Runs a system call that answers -1 for failure, again after EINTR.
@discardableResult
func attempt(_ body: () -> CInt) throws(Failure) -> CInt {
    while true {
        let result = body()
        if result >= 0 { return result }
        let code = gantry_errno()
        if code != EINTR { throw Failure(errno: code) }
    }
}

/// Hands `bytes` as a C string to `body`; a string with a zero inside ends there, as it would in the kernel.
func withC<Result>(_ bytes: [UInt8], _ body: (UnsafePointer<CChar>) -> Result) -> Result {
    var terminated = bytes
    terminated.append(0)
    return terminated.withUnsafeBytes { body($0.baseAddress!.assumingMemoryBound(to: CChar.self)) }
}

/// Hands a literal as a C string to `body`.
func withC<Result>(_ literal: StaticString, _ body: (UnsafePointer<CChar>) -> Result) -> Result {
    body(UnsafeRawPointer(literal.utf8Start).assumingMemoryBound(to: CChar.self))
}

/// The bytes of a literal.
func bytes(_ literal: StaticString) -> [UInt8] {
    Array(UnsafeBufferPointer(start: literal.utf8Start, count: literal.utf8CodeUnitCount))
}

/// `value` in decimal digits.
func decimal(_ value: Int64) -> [UInt8] {
    if value == 0 { return [48] }
    var digits: [UInt8] = []
    var rest = value.magnitude
    while rest > 0 {
        digits.append(48 + UInt8(rest % 10))
        rest /= 10
    }
    if value < 0 { digits.append(45) }
    digits.reverse()
    return digits
}

/// Closes its descriptor when it goes.
struct Descriptor: ~Copyable {
    let raw: CInt

    init(_ raw: CInt) { self.raw = raw }

    deinit { close(raw) }
}

extension PlanStep {
    func number(_ index: Int) throws(Failure) -> UInt64 {
        guard index < numbers.count else { throw Failure(errno: EBADMSG) }
        return numbers[index]
    }

    func word(_ index: Int) throws(Failure) -> UInt32 { UInt32(truncatingIfNeeded: try number(index)) }

    func flag(_ index: Int) throws(Failure) -> Bool { try number(index) != 0 }

    func string(_ index: Int) throws(Failure) -> [UInt8] {
        guard index < strings.count else { throw Failure(errno: EBADMSG) }
        return strings[index]
    }

    /// The descriptor that number `index` names among the inherited ones.
    func descriptor(_ index: Int) throws(Failure) -> CInt {
        let value = try number(index)
        guard value < 1024 else { throw Failure(errno: EBADMSG) }
        return firstInherited + CInt(value)
    }
}

/// Descriptors given by the daemon: the plan, the socket for reports, and the ones that steps name.
let planDescriptor: CInt = 3
let reportDescriptor: CInt = 4
let firstInherited: CInt = 5
