import CLinux

/// A growing run of bytes without bounds checks or copies on write: what the log is made in.
final class Bytes {
    private(set) var base: UnsafeMutablePointer<UInt8>
    private(set) var count = 0
    private var capacity: Int
    /// Larger stores are given back when they are emptied.
    private static let keptCapacity = 256 << 10

    init(capacity: Int = 0) {
        self.capacity = capacity
        base = .allocate(capacity: max(1, capacity))
    }

    deinit { base.deallocate() }

    var isEmpty: Bool { count == 0 }

    var content: UnsafeBufferPointer<UInt8> { UnsafeBufferPointer(start: base, count: count) }

    /// Room for `more` bytes; afterwards as many may be put at ``end``.
    func reserve(_ more: Int) {
        guard count + more > capacity else { return }
        capacity = max(count + more, capacity * 2, 4096)
        let larger = UnsafeMutablePointer<UInt8>.allocate(capacity: capacity)
        memcpy(larger, base, count)
        base.deallocate()
        base = larger
    }

    /// Where the next byte goes.
    var end: UnsafeMutablePointer<UInt8> { base + count }

    /// Takes bytes into account that were put at ``end``.
    func advance(_ number: Int) { count += number }

    func append(_ bytes: UnsafeBufferPointer<UInt8>) {
        guard let start = bytes.baseAddress, bytes.count > 0 else { return }
        reserve(bytes.count)
        memcpy(base + count, start, bytes.count)
        count += bytes.count
    }

    func append(_ bytes: [UInt8]) { bytes.withUnsafeBufferPointer { append($0) } }

    func append(_ literal: StaticString) {
        append(UnsafeBufferPointer(start: literal.utf8Start, count: literal.utf8CodeUnitCount))
    }

    /// Puts bytes at `place`, where there is room. The pointer's own way of copying is a loop over bytes here.
    /// - Returns: the place after them.
    static func put(
        _ bytes: UnsafePointer<UInt8>, _ count: Int, at place: UnsafeMutablePointer<UInt8>
    ) -> UnsafeMutablePointer<UInt8> {
        memcpy(place, bytes, count)
        return place + count
    }

    static func put(_ literal: StaticString, at place: UnsafeMutablePointer<UInt8>) -> UnsafeMutablePointer<UInt8> {
        put(literal.utf8Start, literal.utf8CodeUnitCount, at: place)
    }

    func append(_ byte: UInt8) {
        reserve(1)
        end.pointee = byte
        count += 1
    }

    /// Little endian.
    func append<Number: FixedWidthInteger>(number: Number) {
        var raw = number.littleEndian
        let size = Number.bitWidth / 8
        reserve(size)
        memcpy(base + count, &raw, size)
        count += size
    }

    func removeAll() {
        count = 0
        guard capacity > Self.keptCapacity else { return }
        base.deallocate()
        capacity = 0
        base = .allocate(capacity: 1)
    }

    /// Forgets the first `number` bytes.
    func removeFirst(_ number: Int) {
        if number >= count { return removeAll() }
        memmove(base, base + number, count - number)
        count -= number
    }
}
