import Essentials
import FoundationEssentials
import OCI
import Testing

@testable import Engine

@Suite("Packages, package URLs and statements") struct AttestationTests {
    private let debian = SystemRelease("PRETTY_NAME=\"x\"\nID=debian\nVERSION_ID=\"12\"\n")

    @Test func systemRelease() {
        #expect(debian.name == "debian-12")
        #expect(SystemRelease("ID=alpine\n").name == "alpine")
        #expect(SystemRelease("").name.isEmpty)
    }

    @Test func debianRecords() {
        let text =
            "Package: a\nStatus: hold ok installed\nVersion: 1:2~3+b1\nArchitecture: amd64\nDescription: x\n Package: not\n\n\nPackage: b\nStatus: purge ok not-installed\nVersion: 1\n"
        let found = PackageRecords.debian(text, debian, source: "/s")
        #expect(found.map(\.url) == ["pkg:deb/debian/a@1%3A2~3%2Bb1?arch=amd64&distro=debian-12"])
    }

    @Test func pythonRecords() {
        let found = PackageRecords.python(
            Array("Name: A_b.C\r\nVersion: 1.0\r\nLicense-Expression: MIT\n\nVersion: 9\n".utf8), source: "/s")
        #expect(found == FoundPackage(name: "A_b.C", version: "1.0", url: "pkg:pypi/a-b-c@1.0", license: "MIT", source: "/s"))
        #expect(PackageRecords.python(Array("Name: x\n".utf8), source: "") == nil)
        #expect(PackageRecords.npm(Array("[]".utf8), source: "") == nil)
    }

    @Test func damagedRPMHeaders() {
        #expect(RPMDatabase.package([], debian, source: "") == nil)
        #expect(RPMDatabase.package([UInt8](repeating: 0xff, count: 64), debian, source: "") == nil)
        // One entry whose data lies behind the end.
        let entry: [UInt8] = [0, 0, 0, 1, 0, 0, 0, 4, 0, 0, 3, 0xe8, 0, 0, 0, 6, 0x7f, 0xff, 0xff, 0xff, 0, 0, 0, 1]
        #expect(RPMDatabase.package(entry, debian, source: "") == nil)
    }

    @Test func packageURLs() throws {
        let amd64 = Platform(os: "linux", architecture: "amd64")
        #expect(PackageURL.image(try Reference("busybox"), platform: amd64) == "pkg:docker/busybox@latest?platform=linux%2Famd64")
        #expect(
            PackageURL.image(try Reference("localhost:5000/a/b:1"), platform: amd64)
                == "pkg:docker/localhost%3A5000/a/b@1?platform=linux%2Famd64")
        #expect(PackageURL.package("npm", space: "@s", name: "x", version: "1") == "pkg:npm/%40s/x@1")
    }

    @Test func statementsAreJSON() throws {
        let attestation = Attestation(predicateType: "t", predicate: Data("{\"a\":1}".utf8), fileName: "f")
        let digest = try Digest("sha256:" + String(repeating: "a", count: 64))
        let text = String(decoding: try attestation.statement(subjects: [("n\"q", digest)]), as: UTF8.self)
        #expect(
            text
                == "{\"_type\":\"https://in-toto.io/Statement/v0.1\",\"predicateType\":\"t\",\"subject\":[{\"name\":\"n\\\"q\",\"digest\":{\"sha256\":\"\(digest.hex)\"}}],\"predicate\":{\"a\":1}}"
        )
    }

    @Test func annotationsByPlaceAndPlatform() {
        var form = ExportForm()
        let (amd64, arm64) = (Platform(os: "linux", architecture: "amd64"), Platform(os: "linux", architecture: "arm64"))
        form.annotations = [
            .init(place: .manifest, platform: nil, key: "all", value: "1"),
            .init(place: .manifest, platform: arm64, key: "arm", value: "2"),
            .init(place: .index, platform: nil, key: "i", value: "3"),
        ]
        #expect(form.annotations(.manifest, amd64) == ["all": "1"])
        #expect(form.annotations(.manifest, arm64) == ["all": "1", "arm": "2"])
        #expect(form.annotations(.index) == ["i": "3"] && !form.isPlain && ExportForm().isPlain)
    }
}
