import CCompression
import Essentials

/// Compresses a stream; equal input gives equal output on the same machine and library version.
///
/// Used by one thread at a time.
package final class Compressor {
    package enum Format: Sendable { case gzip, zstd }

    private let sink: (UnsafeRawBufferPointer) throws -> Void
    private let encoder: any CompressionEncoder
    private var output = [UInt8](repeating: 0, count: 256 << 10)

    /// - Parameter level: of zstd, 1 to 22; nil for 3. Gzip has one level.
    package init(_ format: Format, level: Int? = nil, _ sink: @escaping (UnsafeRawBufferPointer) throws -> Void) throws {
        self.sink = sink
        encoder =
            switch format {
            case .gzip: try GzipEncoder()
            case .zstd: try ZstdEncoder(level: level ?? 3)
            }
    }

    package func write(_ bytes: UnsafeRawBufferPointer) throws { try run(bytes, last: false) }

    /// Writes what is left and the end of the stream; call it once.
    package func finish() throws { try run(UnsafeRawBufferPointer(start: nil, count: 0), last: true) }

    private func run(_ bytes: UnsafeRawBufferPointer, last: Bool) throws {
        var offset = 0
        var done = false
        while !done {
            let rest = UnsafeRawBufferPointer(rebasing: bytes[offset...])
            let (consumed, produced, complete) = try output.withUnsafeMutableBytes { try encoder.step(rest, last: last, into: $0) }
            offset += consumed
            if produced > 0 { try output.withUnsafeBytes { try sink(UnsafeRawBufferPointer(rebasing: $0[..<produced])) } }
            done = complete
        }
    }
}

protocol CompressionEncoder: AnyObject {
    /// - Returns: `complete` when all input is taken and, after the last, all output given.
    func step(
        _ input: UnsafeRawBufferPointer, last: Bool, into output: UnsafeMutableRawBufferPointer
    ) throws
        -> (consumed: Int, produced: Int, complete: Bool)
}

/// Gzip through isa-l, level 2: several times faster than zlib at nearly its size. The header has no time and no name.
final class GzipEncoder: CompressionEncoder {
    // Hold pointers into each other, so they stay where they are; freed in deinit.
    private let stream = UnsafeMutablePointer<isal_zstream>.allocate(capacity: 1)
    private let scratch = UnsafeMutablePointer<UInt8>.allocate(capacity: GzipEncoder.scratchSize)
    /// More than ISAL_DEF_LVL2_EXTRA_LARGE, a macro that Swift cannot read.
    private static let scratchSize = 1 << 20

    init() throws {
        isal_deflate_init(stream)
        stream.pointee.level = 2
        stream.pointee.level_buf = scratch
        stream.pointee.level_buf_size = UInt32(Self.scratchSize)
        stream.pointee.gzip_flag = UInt16(IGZIP_GZIP)
        stream.pointee.flush = UInt16(NO_FLUSH)
    }

    deinit {
        stream.deallocate()
        scratch.deallocate()
    }

    func step(
        _ input: UnsafeRawBufferPointer, last: Bool, into output: UnsafeMutableRawBufferPointer
    ) throws
        -> (consumed: Int, produced: Int, complete: Bool)
    {
        // isa-l does not write through next_in; its type merely lacks const.
        stream.pointee.next_in = input.baseAddress.map { UnsafeMutablePointer(mutating: $0.assumingMemoryBound(to: UInt8.self)) }
        stream.pointee.avail_in = UInt32(clamping: input.count)
        let given = Int(stream.pointee.avail_in)
        stream.pointee.next_out = output.baseAddress?.assumingMemoryBound(to: UInt8.self)
        stream.pointee.avail_out = UInt32(clamping: output.count)
        stream.pointee.end_of_stream = last ? 1 : 0
        let result = isal_deflate(stream)
        guard result == COMP_OK else { throw GantryError.internal("gzip: isal_deflate answered \(result)") }
        let consumed = given - Int(stream.pointee.avail_in)
        let produced = output.count - Int(stream.pointee.avail_out)
        let complete =
            last ? stream.pointee.internal_state.state == ZSTATE_END : consumed == input.count && stream.pointee.avail_out > 0
        return (consumed, produced, complete)
    }
}

/// Zstandard through libzstd, with a checksum.
final class ZstdEncoder: CompressionEncoder {
    // Freed in deinit, used by the owner's thread only.
    private let stream: OpaquePointer

    init(level: Int) throws {
        guard let stream = ZSTD_createCCtx() else { throw GantryError.unavailable("zstd: out of memory") }
        self.stream = stream
        _ = ZSTD_CCtx_setParameter(stream, ZSTD_c_compressionLevel, CInt(clamping: level))
        _ = ZSTD_CCtx_setParameter(stream, ZSTD_c_checksumFlag, 1)
    }

    deinit { ZSTD_freeCCtx(stream) }

    func step(
        _ input: UnsafeRawBufferPointer, last: Bool, into output: UnsafeMutableRawBufferPointer
    ) throws
        -> (consumed: Int, produced: Int, complete: Bool)
    {
        var source = ZSTD_inBuffer(src: input.baseAddress, size: input.count, pos: 0)
        var target = ZSTD_outBuffer(dst: output.baseAddress, size: output.count, pos: 0)
        let result = ZSTD_compressStream2(stream, &target, &source, last ? ZSTD_e_end : ZSTD_e_continue)
        if ZSTD_isError(result) != 0 { throw GantryError.internal("zstd: \(String(cString: ZSTD_getErrorName(result)))") }
        return (source.pos, target.pos, last ? result == 0 : source.pos == source.size)
    }
}
