import CLinux
import Compression
import ContainerRuntime
import Essentials
import LinuxSystem

/// One file of a log.
struct LogSource: Sendable {
    var file: OwnedDescriptor
    var isCompressed: Bool
}

/// The files of a log: `log` is written to, `log.1` the newest of the rotated ones, some of them compressed as `log.1.gz`.
struct LogFiles: Sendable {
    let path: String

    private var directory: String { String(path[..<(path.lastIndex(of: "/") ?? path.startIndex)]) }

    /// Opens all that there are at one moment, oldest first; the last one is the one that is written to.
    func open() throws -> [LogSource] {
        guard FileSystem.exists(directory) else { return [] }
        return try locked(exclusively: false) {
            var found: [LogSource] = []
            if let file = try open(path) { found.append(LogSource(file: file, isCompressed: false)) }
            var number = 1
            while true {
                if let file = try open("\(path).\(number)") {
                    found.append(LogSource(file: file, isCompressed: false))
                } else if let file = try open("\(path).\(number).gz") {
                    found.append(LogSource(file: file, isCompressed: true))
                } else {
                    return found.reversed()
                }
                number += 1
            }
        }
    }

    private func open(_ path: String) throws(SystemError) -> OwnedDescriptor? {
        do { return try OwnedDescriptor.open(path, O_RDONLY | O_NOFOLLOW) } catch {
            if error.errno == ENOENT { return nil }
            throw error
        }
    }

    /// Files change their names only while the directory is locked, by the shim or by us, for moments each.
    private func locked<Value>(exclusively: Bool, _ body: () throws -> Value) throws -> Value {
        let lock = try OwnedDescriptor.open(directory, O_RDONLY | O_DIRECTORY)
        try check("flock", directory) { flock(lock.raw, exclusively ? LOCK_EX : LOCK_SH) }
        defer { _ = flock(lock.raw, LOCK_UN) }
        return try body()
    }

    /// Compresses what was rotated and is not compressed yet. Blocks for as long as that takes; one caller at a time.
    /// - Parameter count: files kept in all.
    func compress(count: Int) throws {
        for number in 1..<max(count, 2) {
            guard let file = try open("\(path).\(number)") else { continue }
            try compress(file, count: count)
        }
    }

    private func compress(_ file: OwnedDescriptor, count: Int) throws {
        let temporary = "\(path).compressing"
        let output = try OwnedDescriptor.open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW, mode: 0o640)
        do {
            let compressor = try Compressor(.gzip) { try output.writeAll($0) }
            var chunk = [UInt8](repeating: 0, count: 256 << 10)
            while true {
                let size = try chunk.withUnsafeMutableBytes { try file.read(into: $0) }
                if size == 0 { break }
                try chunk.withUnsafeBytes { try compressor.write(UnsafeRawBufferPointer(rebasing: $0[..<size])) }
            }
            try compressor.finish()
            try keepTime(of: file, on: output)
            try locked(exclusively: true) { try put(temporary, inPlaceOf: file, count: count) }
        } catch {
            try? FileSystem.remove(temporary)
            throw error
        }
    }

    /// Whoever follows the log knows the file again by its time of change.
    private func keepTime(of file: OwnedDescriptor, on output: OwnedDescriptor) throws {
        var status = stat()
        try check("fstat") { fstat(file.raw, &status) }
        var times = [status.st_atim, status.st_mtim]
        try check("futimens") { futimens(output.raw, &times) }
    }

    /// By now the file may have another number, or be gone.
    private func put(_ temporary: String, inPlaceOf file: OwnedDescriptor, count: Int) throws {
        let inode = try file.status().inode
        for number in 1..<max(count, 2) {
            let name = "\(path).\(number)"
            guard (try? FileStatus(name))?.inode == inode else { continue }
            try check("rename", name) { rename(temporary, "\(name).gz") }
            return try FileSystem.remove(name)
        }
        try FileSystem.remove(temporary)
    }
}

extension LogSource {
    /// Calls `body` for piece after piece from `offset` on, to the end of what is there, until it answers false.
    /// - Returns: where the reading ended; for compressed files it is their whole content that is read.
    @discardableResult
    func read(from offset: Int64 = 0, _ body: (UnsafeBufferPointer<UInt8>) async throws -> Bool) async throws -> Int64 {
        let size = 256 << 10
        let buffer = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: size)
        defer { buffer.deallocate() }
        if isCompressed {
            var position: Int64 = 0
            let decompressor = try Decompressor {
                let count = try check("pread", "log") { pread(file.raw, buffer.baseAddress, size, off_t(position)) }
                position += Int64(count)
                return count == 0 ? nil : Array(buffer[..<count])
            }
            while let chunk = try decompressor.next() {
                // The pointer would not outlive the closure that a suspension needs: a copy does.
                let copy = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: chunk.count)
                defer { copy.deallocate() }
                _ = copy.initialize(from: chunk)
                guard try await body(UnsafeBufferPointer(copy)) else { break }
            }
            return position
        }
        var position = offset
        while true {
            let count = try check("pread", "log") { pread(file.raw, buffer.baseAddress, size, off_t(position)) }
            if count == 0 { return position }
            position += Int64(count)
            guard try await body(UnsafeBufferPointer(rebasing: buffer[..<count])) else { return position }
        }
    }
}
