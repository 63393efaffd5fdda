import Essentials
import Testing

@Suite struct TimestampTests {
    @Test(arguments: ["1970-01-01T00:00:00Z", "2026-02-28T23:59:59.999999999Z", "2024-02-29T12:00:00.1Z", "1969-12-31T23:59:59.5Z"])
    func roundTrips(text: String) { #expect(Timestamp(rfc3339: text)?.rfc3339 == text) }

    @Test(arguments: [
        "", "2026-01-02", "2026-13-01T00:00:00Z", "2026-01-01T24:00:00Z", "2026-01-01T00:00:00", "2026-01-01T00:00:00+1:00",
    ])
    func refuses(text: String) { #expect(Timestamp(rfc3339: text) == nil) }

    @Test func padsTheFraction() {
        #expect(Timestamp(nanoseconds: 1_500_000_000).rfc3339Padded == "1970-01-01T00:00:01.500000000Z")
    }
}

@Suite struct ByteSizeTests {
    @Test(arguments: [
        ("512", Int64(512)), ("64k", 65536), ("6m", 6_291_456), ("1.5g", 1_610_612_736), ("2TB", 2_199_023_255_552), ("1KiB", 1024),
    ])
    func parses(text: String, bytes: Int64) { #expect(ByteSize.parseBinary(text) == bytes) }

    @Test(arguments: [
        ("512", Int64(512)), ("64k", 64000), ("10m", 10_000_000), ("1.5GB", 1_500_000_000), ("1 KiB", 1000), ("7i", 7),
    ])
    func parsesDecimals(text: String, bytes: Int64) { #expect(ByteSize.parseDecimal(text) == bytes) }

    @Test(arguments: ["", "k", "-1", "1x", "1e99g", "nan", "1e3", "1.", ".5", "1.2.3", "1  k", "b", "99999999p"])
    func refuses(text: String) {
        #expect(ByteSize.parseBinary(text) == nil)
        #expect(ByteSize.parseDecimal(text) == nil)
    }

    @Test(arguments: [
        (Int64(0), "0B"), (999, "999B"), (1000, "1kB"), (142_000_000, "142MB"), (1_213_000_000, "1.213GB"), (77_800_000, "77.8MB"),
    ])
    func showsDecimal(bytes: Int64, text: String) { #expect(ByteSize.decimal(bytes) == text) }

    @Test func showsBinary() { #expect(ByteSize.binary(1_572_864) == "1.5MiB") }
}

@Suite struct IdentifierTests {
    @Test func idsAreFullAndDiffer() {
        let ids = Set((0..<100).map { _ in Identifier.random() })
        #expect(ids.count == 100)
        #expect(ids.allSatisfy(Identifier.isFull))
    }

    @Test func shortFormsDropTheAlgorithm() {
        #expect(Identifier.short("sha256:0123456789abcdef") == "0123456789ab")
        #expect(!Identifier.isFull("../../../etc/passwd"))
    }
}
