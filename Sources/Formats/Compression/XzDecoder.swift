import CCompression
import Essentials

/// XZ through liblzma, with a limit on the memory that a stream may ask for.
final class XzDecoder: DecompressionCodec {
    static let memoryLimit: UInt64 = 256 << 20
    /// LZMA_CONCATENATED, a macro that Swift cannot read: streams in a row.
    private static let concatenated: UInt32 = 0x08
    // liblzma keeps state behind it; freed in deinit.
    private let stream = UnsafeMutablePointer<lzma_stream>.allocate(capacity: 1)

    init() throws {
        stream.initialize(to: lzma_stream())
        guard lzma_stream_decoder(stream, Self.memoryLimit, Self.concatenated) == LZMA_OK else {
            stream.deallocate()
            throw GantryError.unavailable("xz: out of memory")
        }
    }

    deinit {
        lzma_end(stream)
        stream.deallocate()
    }

    func step(_ input: UnsafeRawBufferPointer, ended: Bool, into output: UnsafeMutableRawBufferPointer) throws -> DecompressionStep
    {
        stream.pointee.next_in = input.baseAddress?.assumingMemoryBound(to: UInt8.self)
        stream.pointee.avail_in = input.count
        stream.pointee.next_out = output.baseAddress?.assumingMemoryBound(to: UInt8.self)
        stream.pointee.avail_out = output.count
        let result = lzma_code(stream, ended ? LZMA_FINISH : LZMA_RUN)
        var step = DecompressionStep(
            consumed: input.count - stream.pointee.avail_in, produced: output.count - stream.pointee.avail_out, finished: false)
        switch result {
        case LZMA_OK: break
        case LZMA_STREAM_END: step.finished = true
        // No progress: with all input given the stream is cut short.
        case LZMA_BUF_ERROR: if ended { throw GantryError.invalid("unexpected EOF") }
        case LZMA_MEMLIMIT_ERROR: throw GantryError.invalid("xz: needs more than \(Self.memoryLimit) bytes of memory")
        default: throw GantryError.invalid("xz: damaged data (\(result.rawValue))")
        }
        return step
    }
}
