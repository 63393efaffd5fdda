package import Essentials

/// Decompresses a stream whose format its first bytes tell; what is not compressed passes through.
///
/// Several members or frames in a row are one stream. Used by one thread at a time.
package final class Decompressor {
    /// Bytes given at once, at most.
    static let outputSize = 256 << 10

    /// What the stream turned out to be.
    package let format: CompressionFormat

    private let source: () throws -> [UInt8]?
    private let codec: (any DecompressionCodec)?
    private let limit: Int64
    private let excess: GantryError
    private var input: [UInt8] = []
    private var offset = 0
    private var sourceEnded = false
    private var finished = false
    /// Bytes given so far.
    package private(set) var outputBytes: Int64 = 0

    /// Reads the first bytes of `source` at once.
    /// - Parameters:
    ///   - limit: output bytes after which the stream is refused: a few kilobytes can expand to terabytes.
    ///   - excess: what it is refused with; nil for a sentence about the stream.
    package init(limit: Int64 = .max, excess: GantryError? = nil, _ source: @escaping () throws -> [UInt8]?) throws {
        self.source = source
        self.limit = limit
        self.excess = excess ?? .invalid("the stream expands to more than \(limit) bytes")
        var first: [UInt8] = []
        var ended = false
        while first.count < CompressionFormat.prefixLength, !ended {
            if let next = try source() { first += next } else { ended = true }
        }
        input = first
        sourceEnded = ended
        format = CompressionFormat.detect(first)
        codec =
            switch format {
            case .none: nil
            case .gzip: GzipDecoder()
            case .zstd: try ZstdDecoder()
            case .bzip2: try Bzip2Decoder()
            case .xz: try XzDecoder()
            }
    }

    /// The next bytes, nil at the end.
    /// - Throws: `invalid` for damaged or truncated input; what is said of streams beyond the limit.
    package func next() throws -> [UInt8]? {
        guard let chunk = try codec == nil ? passOn() : decode() else { return nil }
        outputBytes += Int64(chunk.count)
        guard outputBytes <= limit else { throw excess }
        return chunk
    }

    private func passOn() throws -> [UInt8]? {
        if !input.isEmpty {
            defer { input = [] }
            return input
        }
        return sourceEnded ? nil : try source()
    }

    private func decode() throws -> [UInt8]? {
        guard let codec, !finished else { return nil }
        while true {
            if offset == input.count, !sourceEnded {
                if let next = try source() {
                    input = next
                    offset = 0
                } else {
                    sourceEnded = true
                }
            }
            var step = DecompressionStep()
            let output = try [UInt8](unsafeUninitializedCapacity: Self.outputSize) { buffer, count in
                try input.withUnsafeBytes { bytes in
                    step = try codec.step(
                        UnsafeRawBufferPointer(rebasing: bytes[offset...]), ended: sourceEnded,
                        into: UnsafeMutableRawBufferPointer(buffer))
                }
                count = step.produced
            }
            offset += step.consumed
            if step.finished { finished = true }
            if !output.isEmpty { return output }
            if finished { return nil }
            if sourceEnded, offset == input.count || step.consumed == 0 { throw GantryError.invalid("unexpected EOF") }
            if step.consumed == 0, offset < input.count { throw GantryError.invalid("damaged \(format.rawValue) stream") }
        }
    }
}

/// What one call of a decoder did.
struct DecompressionStep {
    var consumed = 0
    var produced = 0
    /// The stream is complete.
    var finished = false
}

/// One format. A step consumes some input and fills some output; with `ended` there is no input after this.
protocol DecompressionCodec: AnyObject {
    func step(_ input: UnsafeRawBufferPointer, ended: Bool, into output: UnsafeMutableRawBufferPointer) throws -> DecompressionStep
}
