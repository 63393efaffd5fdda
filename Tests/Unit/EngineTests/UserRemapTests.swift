import Essentials
import OCI
import Testing

@testable import Engine

struct UserRemapTests {
    private let passwd = "root:x:0:0:root:/root:/bin/sh\nanna:x:1000:1000::/home/anna:/bin/sh\ndockremap:x:105:110::/:/bin/false\n"
    private let group = "root:x:0:\nanna:x:1000:\nothers:x:2000:\n"
    private let subordinate = "# ranges\nanna:100000:65536\n1000:300000:1000\ndockremap:500000:65536\n"

    private func read(_ text: String, subuid: String? = nil) throws -> UserRemap {
        try UserRemap(text, passwd: passwd, group: group, subuid: subuid ?? subordinate, subgid: subordinate)
    }

    @Test(arguments: ["anna", "1000", "anna:others", "1000:2000"])
    func rangesFollowOneAnother(_ text: String) throws {
        let remap = try read(text)
        #expect(
            remap.userMappings == [
                RuntimeSpecification.IDMapping(containerID: 0, hostID: 100000, size: 65536),
                RuntimeSpecification.IDMapping(containerID: 65536, hostID: 300000, size: 1000),
            ])
        #expect(remap.groupMappings == remap.userMappings)
    }

    @Test func defaultIsAUserOfItsOwn() throws {
        #expect(try read("default").userMappings == [RuntimeSpecification.IDMapping(containerID: 0, hostID: 500000, size: 65536)])
    }

    @Test(arguments: [
        ("", "expected user or user:group"), ("anna:", "expected user or user:group"), ("berta", "no such user"),
        ("root", "root cannot be remapped"), ("0", "root cannot be remapped"), ("anna:nogroup", "no such group"),
    ])
    func refuses(_ text: String, _ words: String) {
        let error = #expect(throws: GantryError.self) { try read(text) }
        #expect(error?.message.contains(words) == true)
    }

    @Test(arguments: [
        ("", "no subuid ranges found"), ("anna:1:0\n", "invalid range"), ("anna:4294967295:5\n", "invalid range"),
        ("anna:x:5\n", "invalid range"), ("anna:1:4000000000\nanna:1:4000000000\n", "too large"),
    ])
    func refusesRanges(_ subuid: String, _ words: String) {
        let error = #expect(throws: GantryError.self) { try read("anna", subuid: subuid) }
        #expect(error?.message.contains(words) == true)
    }

    @Test func newRangesComeAfterAllOthers() {
        #expect(RemapAccount.next(after: ["", ""]) == 100_000)
        #expect(RemapAccount.next(after: ["a:1000:500\n", "# none\n"]) == 100_000)
        #expect(RemapAccount.next(after: ["a:100000:65536\nb:300000:1\n", "a:400000:10\nnonsense\n"]) == 400_010)
    }

    @Test func ownersAreMappedBothWays() throws {
        let map = OwnerMap(
            users: [.init(inside: 0, outside: 100000, count: 10), .init(inside: 10, outside: 500, count: 5)],
            groups: [.init(inside: 0, outside: 7, count: 1)])
        #expect(try map.outside(user: 12, group: 0) == (502, 7))
        #expect(map.inside(user: 502, group: 7) == (12, 0))
        #expect(map.inside(user: 0, group: 8) == (65534, 65534))
        #expect(throws: GantryError.self) { try map.outside(user: 15, group: 0) }
        #expect(throws: GantryError.self) { try map.outside(user: 0, group: 1) }
    }
}
