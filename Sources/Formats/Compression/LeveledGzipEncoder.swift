import CCompression
import Essentials

/// Gzip through zlib, for levels that are asked for by number. The header has no time and no name.
final class LeveledGzipEncoder: CompressionEncoder {
    // zlib's state points back to it, so it stays where it is; freed in deinit.
    private let stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
    /// A window of 32 KiB, with gzip's header. Source: zlib.h, deflateInit2.
    private static let gzipWindowBits: CInt = 15 + 16

    init(level: Int) throws {
        stream.initialize(to: z_stream())
        let result = deflateInit2_(
            stream, CInt(level), Z_DEFLATED, Self.gzipWindowBits, 8, Z_DEFAULT_STRATEGY, zlibVersion(),
            CInt(MemoryLayout<z_stream>.size))
        guard result == Z_OK else {
            stream.deallocate()
            throw GantryError.unavailable("gzip: deflateInit2 answered \(result)")
        }
    }

    deinit {
        deflateEnd(stream)
        stream.deallocate()
    }

    func step(
        _ input: UnsafeRawBufferPointer, last: Bool, into output: UnsafeMutableRawBufferPointer
    ) throws
        -> (consumed: Int, produced: Int, complete: Bool)
    {
        // zlib does not write through next_in; its type merely lacks const.
        stream.pointee.next_in = input.baseAddress.map { UnsafeMutablePointer(mutating: $0.assumingMemoryBound(to: UInt8.self)) }
        stream.pointee.avail_in = UInt32(clamping: input.count)
        let given = Int(stream.pointee.avail_in)
        stream.pointee.next_out = output.baseAddress?.assumingMemoryBound(to: UInt8.self)
        stream.pointee.avail_out = UInt32(clamping: output.count)
        let result = deflate(stream, last ? Z_FINISH : Z_NO_FLUSH)
        // No progress without input or room is no failure.
        guard result == Z_OK || result == Z_STREAM_END || result == Z_BUF_ERROR else {
            throw GantryError.internal("gzip: deflate answered \(result)")
        }
        let consumed = given - Int(stream.pointee.avail_in)
        let produced = output.count - Int(stream.pointee.avail_out)
        return (consumed, produced, last ? result == Z_STREAM_END : consumed == input.count && stream.pointee.avail_out > 0)
    }
}
