import Essentials
import Netlink
import Testing

@testable import Networks

@Suite struct AllocationTests {
    @Test func poolsSkipWhatIsTaken() throws {
        let pool = try SubnetPool(NetworkConfiguration.defaultPools)
        func next(_ taken: [String]) throws -> String { try pool.next(taken: taken.compactMap { IPSubnet($0) }).description }
        #expect(try next([]) == "172.17.0.0/16")
        #expect(try next(["172.17.0.0/16", "172.18.5.0/24"]) == "172.19.0.0/16")
        #expect(try next(["172.16.0.0/14", "172.20.0.0/15"]) == "172.22.0.0/16")
        #expect(try next(["172.16.0.0/12"]) == "192.168.0.0/20")
        #expect(try next(["172.16.0.0/12", "192.168.0.0/19"]) == "192.168.32.0/20")
        #expect { try next(["172.16.0.0/12", "192.168.0.0/16"]) } throws: {
            ($0 as? GantryError)?.message.contains("fully subnetted") == true
        }
    }

    @Test func addressesInOrder() throws {
        let allocator = try AddressAllocator(
            Network.Pool(subnet: "10.0.0.0/29", gateway: "10.0.0.1", auxiliaryAddresses: ["r": "10.0.0.3"]))
        var used: Set<IPAddress> = []
        var given: [String] = []
        while let address = allocator.next(used: used) {
            used.insert(address)
            given.append(address.description)
        }
        #expect(given == ["10.0.0.2", "10.0.0.4", "10.0.0.5", "10.0.0.6"])
    }

    /// Recording `network`: a range that does not hold the gateway starts with its first address.
    @Test func rangesAndClaims() throws {
        let allocator = try AddressAllocator(Network.Pool(subnet: "10.88.0.0/24", ipRange: "10.88.0.128/25", gateway: "10.88.0.1"))
        #expect(allocator.next(used: [])?.description == "10.88.0.128")
        let wanted = try #require(IPAddress("10.88.0.9"))
        #expect(try allocator.claim(wanted, used: []) == wanted)
        #expect(throws: GantryError.self) { try allocator.claim(wanted, used: [wanted]) }
        #expect(throws: GantryError.self) { try allocator.claim(#require(IPAddress("10.88.0.1")), used: []) }
        #expect(throws: GantryError.self) { try allocator.claim(#require(IPAddress("10.89.0.9")), used: []) }
    }

    @Test(arguments: [
        (Network.Pool(subnet: "foo"), "invalid network config:\ninvalid subnet foo: invalid CIDR block notation"),
        (Network.Pool(subnet: "10.77.0.1/24"), "invalid network config:\ninvalid subnet 10.77.0.1/24: it should be 10.77.0.0/24"),
    ])
    func faultsInDockersWords(pool: Network.Pool, message: String) {
        #expect { try PoolCheck.check([pool]) } throws: { ($0 as? GantryError)?.message == message }
    }

    @Test func portsConflictAcrossWildcards() {
        var span = PortSpan()
        let all = PortSpan.Key(transport: .tcp, address: "0.0.0.0", port: 80)
        let one = PortSpan.Key(transport: .tcp, address: "127.0.0.1", port: 80)
        span.insert(all)
        #expect(span.isTaken(one))
        #expect(!span.isTaken(PortSpan.Key(transport: .udp, address: "127.0.0.1", port: 80)))
        #expect(!span.isTaken(PortSpan.Key(transport: .tcp, address: "::", port: 80)))
        span.remove(all)
        span.insert(one)
        #expect(span.isTaken(all))
        #expect(!span.isTaken(PortSpan.Key(transport: .tcp, address: "127.0.0.2", port: 80)))
    }
}
