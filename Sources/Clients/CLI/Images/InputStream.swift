import CLinux
import EngineClient
import Essentials
import LinuxSystem

/// Files and standard input as bodies of requests.
enum InputStream {
    /// The content of `path`.
    /// - Throws: ``GantryError`` in the words of Docker's client when it cannot be opened.
    static func file(_ path: String) throws -> UploadPipe {
        do { return pipe(try OwnedDescriptor.open(path, O_RDONLY)) } catch {
            throw GantryError(error.errno == ENOENT ? .notFound : .denied, "open \(path): \(error.reason)")
        }
    }

    /// What is left of standard input.
    /// - Parameter first: bytes that were read from it already.
    static func standard(after first: [UInt8] = []) throws -> UploadPipe {
        let input: OwnedDescriptor
        do { input = OwnedDescriptor(try check("fcntl") { gantry_fcntl(0, F_DUPFD_CLOEXEC, 0) }) } catch {
            throw GantryError(.unavailable, "cannot read standard input", cause: error)
        }
        return pipe(input, first: first)
    }

    private static func pipe(_ source: OwnedDescriptor, first: [UInt8] = []) -> UploadPipe {
        UploadPipe.start { pipe in
            if !first.isEmpty { try pipe.send(first) }
            while true {
                var piece = [UInt8](repeating: 0, count: 256 << 10)
                let count = try piece.withUnsafeMutableBytes { try source.read(into: $0) }
                if count == 0 { return }
                piece.removeLast(piece.count - count)
                try pipe.send(piece)
            }
        }
    }

    /// Up to `count` bytes of standard input; fewer only at its end.
    static func readStandard(upTo count: Int) throws -> [UInt8] {
        var result = [UInt8](repeating: 0, count: count)
        var filled = 0
        while filled < count {
            let got = try check("read", "standard input") {
                result.withUnsafeMutableBytes { read(0, $0.baseAddress! + filled, count - filled) }
            }
            if got == 0 { break }
            filled += got
        }
        return Array(result[..<filled])
    }
}
