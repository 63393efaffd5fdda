import Essentials
import Testing

@testable import Engine

@Suite struct UserDatabaseTests {
    private let database = UserDatabase(
        passwd: "root:x:0:0:root:/root:/bin/sh\nalice:x:1000:1000::/home/alice:/bin/sh\n1234:x:0:0:trap:/root:/bin/sh\nbroken\n",
        group: "root:x:0:\nstaff:x:50:alice,bob\naudio:x:29:alice\n")

    @Test func findsNamesWithTheirGroups() throws {
        let identity = try database.identity("alice")
        #expect(identity == .init(userID: 1000, groupID: 1000, groups: [1000, 50, 29], home: "/home/alice"))
    }

    @Test func emptyTextIsRoot() throws {
        #expect(try database.identity("") == .init(userID: 0, groupID: 0, groups: [0], home: "/root"))
    }

    @Test func aNumberIsNeverAName() throws {
        #expect(try database.identity("1234") == .init(userID: 1234, groupID: 0, groups: [0], home: "/"))
    }

    @Test func anExplicitGroupDropsTheOthers() throws {
        #expect(try database.identity("alice:staff").groups == [50])
        #expect(try database.identity("1000:7").groups == [7])
        #expect(try database.identity("alice", extra: ["audio", "9"]).groups == [1000, 50, 29, 9])
    }

    @Test(arguments: [
        ("nobody2", "unable to find user nobody2: no matching entries in passwd file"),
        ("alice:nogroup2", "unable to find group nogroup2: no matching entries in group file"),
        ("4294967296", "uids and gids must be in range 0-2147483647"),
        ("0:2147483648", "uids and gids must be in range 0-2147483647"),
    ])
    func refuses(text: String, message: String) {
        let error = #expect(throws: GantryError.self) { _ = try database.identity(text) }
        #expect(error?.message == message)
    }
}
