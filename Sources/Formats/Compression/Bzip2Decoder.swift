import CCompression
import Essentials

/// Bzip2 through libbz2; streams in a row, as pbzip2 writes them.
final class Bzip2Decoder: DecompressionCodec {
    // libbz2 keeps a pointer to it; freed in deinit.
    private let stream = UnsafeMutablePointer<bz_stream>.allocate(capacity: 1)
    private var between = false

    init() throws {
        stream.initialize(to: bz_stream())
        try begin()
    }

    deinit {
        BZ2_bzDecompressEnd(stream)
        stream.deallocate()
    }

    private func begin() throws {
        stream.pointee = bz_stream()
        guard BZ2_bzDecompressInit(stream, 0, 0) == BZ_OK else { throw GantryError.unavailable("bzip2: out of memory") }
    }

    func step(_ input: UnsafeRawBufferPointer, ended: Bool, into output: UnsafeMutableRawBufferPointer) throws -> DecompressionStep
    {
        if between {
            if input.isEmpty { return DecompressionStep(finished: ended) }
            BZ2_bzDecompressEnd(stream)
            try begin()
            between = false
        }
        // libbz2 does not write through next_in; its type merely lacks const.
        stream.pointee.next_in = input.baseAddress.map { UnsafeMutablePointer(mutating: $0.assumingMemoryBound(to: CChar.self)) }
        stream.pointee.avail_in = UInt32(clamping: input.count)
        let given = Int(stream.pointee.avail_in)
        stream.pointee.next_out = output.baseAddress?.assumingMemoryBound(to: CChar.self)
        stream.pointee.avail_out = UInt32(clamping: output.count)
        let result = BZ2_bzDecompress(stream)
        let consumed = given - Int(stream.pointee.avail_in)
        let produced = output.count - Int(stream.pointee.avail_out)
        guard result == BZ_OK || result == BZ_STREAM_END else { throw GantryError.invalid("bzip2: damaged data (\(result))") }
        if result == BZ_STREAM_END { between = true }
        return DecompressionStep(consumed: consumed, produced: produced, finished: between && ended && consumed == input.count)
    }
}
