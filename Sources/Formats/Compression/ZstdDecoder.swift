import CCompression
import Essentials

/// Zstandard through libzstd: frames and skippable frames in a row. Source: RFC 8878.
final class ZstdDecoder: DecompressionCodec {
    /// Windows up to 128 MiB, what `zstd` itself allows without being asked.
    private static let maximumWindowLog: CInt = 27
    // Freed in deinit, used by the owner's thread only.
    private let stream: OpaquePointer
    private var atFrameEnd = true

    init() throws {
        guard let stream = ZSTD_createDStream() else { throw GantryError.unavailable("zstd: out of memory") }
        self.stream = stream
        _ = ZSTD_DCtx_setParameter(stream, ZSTD_d_windowLogMax, Self.maximumWindowLog)
    }

    deinit { ZSTD_freeDStream(stream) }

    func step(_ input: UnsafeRawBufferPointer, ended: Bool, into output: UnsafeMutableRawBufferPointer) throws -> DecompressionStep
    {
        if input.isEmpty, atFrameEnd { return DecompressionStep(finished: ended) }
        var source = ZSTD_inBuffer(src: input.baseAddress, size: input.count, pos: 0)
        var target = ZSTD_outBuffer(dst: output.baseAddress, size: output.count, pos: 0)
        let result = ZSTD_decompressStream(stream, &target, &source)
        if ZSTD_isError(result) != 0 { throw GantryError.invalid("zstd: \(String(cString: ZSTD_getErrorName(result)))") }
        atFrameEnd = result == 0
        return DecompressionStep(
            consumed: source.pos, produced: target.pos, finished: ended && atFrameEnd && source.pos == source.size)
    }
}
