import Essentials
import OCI
import Testing

@Suite struct ReferenceTests {
    @Test(arguments: [
        ("busybox", "docker.io/library/busybox", "busybox"),
        ("python:3.11-slim", "docker.io/library/python:3.11-slim", "python:3.11-slim"),
        ("user/app:v1", "docker.io/user/app:v1", "user/app:v1"),
        ("localhost:5000/app", "localhost:5000/app", "localhost:5000/app"),
        ("registry.example/a/b_c/d-e:1.0", "registry.example/a/b_c/d-e:1.0", "registry.example/a/b_c/d-e:1.0"),
        ("index.docker.io/library/x:1", "docker.io/library/x:1", "x:1"),
    ])
    func normalises(text: String, canonical: String, familiar: String) throws {
        let reference = try Reference(text)
        #expect(reference.canonical == canonical)
        #expect(reference.familiar == familiar)
    }

    @Test(arguments: ["", "UPPER", "a//b", "a:", "a:b:c", "-a", "a-", "a..b", "a@sha256:12", "a b", "x/../y", "host:99999/a"])
    func refuses(text: String) {
        #expect(throws: GantryError.self) { try Reference(text) }
    }

    @Test func addsLatestOnlyWhereNothingIsNamed() throws {
        let digest = "sha256:" + String(repeating: "a", count: 64)
        #expect(try Reference("a").withDefaultTag.familiar == "a:latest")
        #expect(try Reference("a:1").withDefaultTag.familiar == "a:1")
        #expect(try Reference("a@" + digest).withDefaultTag.familiar == "a@" + digest)
    }
}
