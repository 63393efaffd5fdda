import CCompression
import Essentials

/// Gzip through isa-l. Source: RFC 1952, section 2.2: members follow one another.
final class GzipDecoder: DecompressionCodec {
    // Big and with pointers into itself, so it stays where it is; freed in deinit.
    private let state = UnsafeMutablePointer<inflate_state>.allocate(capacity: 1)
    private enum Phase { case member, between, padding }
    private var phase = Phase.member

    init() { begin() }

    deinit { state.deallocate() }

    private func begin() {
        isal_inflate_init(state)
        state.pointee.crc_flag = UInt32(ISAL_GZIP)
    }

    func step(_ input: UnsafeRawBufferPointer, ended: Bool, into output: UnsafeMutableRawBufferPointer) throws -> DecompressionStep
    {
        var step = DecompressionStep()
        while true {
            if phase != .member {
                step.consumed += try skipPadding(input, from: step.consumed)
                if phase != .member {
                    step.finished = ended
                    return step
                }
            }
            try inflate(input, output, &step)
            if phase == .member { return step }
            if step.produced == output.count { return step }
        }
    }

    private func inflate(
        _ input: UnsafeRawBufferPointer, _ output: UnsafeMutableRawBufferPointer, _ step: inout DecompressionStep
    ) throws {
        // isa-l does not write through next_in; its type merely lacks const.
        let start = input.baseAddress.map {
            UnsafeMutablePointer(mutating: ($0 + step.consumed).assumingMemoryBound(to: UInt8.self))
        }
        state.pointee.next_in = start
        state.pointee.avail_in = UInt32(clamping: input.count - step.consumed)
        let given = Int(state.pointee.avail_in)
        state.pointee.next_out = output.baseAddress.map { ($0 + step.produced).assumingMemoryBound(to: UInt8.self) }
        let space = UInt32(clamping: output.count - step.produced)
        state.pointee.avail_out = space
        let result = isal_inflate(state)
        step.consumed += given - Int(state.pointee.avail_in)
        step.produced += Int(space - state.pointee.avail_out)
        switch result {
        case ISAL_DECOMP_OK, ISAL_END_INPUT, ISAL_OUT_OVERFLOW: break
        case ISAL_INCORRECT_CHECKSUM: throw GantryError.invalid("gzip: invalid checksum")
        default: throw GantryError.invalid("gzip: damaged data (\(result))")
        }
        if state.pointee.block_state == ISAL_BLOCK_FINISH { phase = .between }
    }

    /// After a member: another one, zeros (tapes are padded with them), or the end.
    private func skipPadding(_ input: UnsafeRawBufferPointer, from start: Int) throws -> Int {
        guard start < input.count else { return 0 }
        if phase == .between, input[start] == 0x1f {
            begin()
            phase = .member
            return 0
        }
        phase = .padding
        guard input[start...].allSatisfy({ $0 == 0 }) else { throw GantryError.invalid("gzip: invalid header after a member") }
        return input.count - start
    }
}
