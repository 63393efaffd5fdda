internal import Essentials
internal import Glibc
internal import LinuxSystem
internal import NIOCore
internal import NIOPosix
internal import Netlink

/// Holds host ports for containers: reserves each by binding it, and forwards what the firewall does not.
///
/// Used from the controller's thread only. Reserving is quick and undone by ``release(_:)``; serving starts the forwarders.
final class PortPublisher {
    private struct Reservation {
        var sockets: [(binding: PortBinding, socket: OwnedDescriptor)]
        var channels: [any Channel] = []
    }

    private let group: any EventLoopGroup
    private let hasIPv6: Bool
    private var span = PortSpan()
    private var reservations: [String: Reservation] = [:]
    private var nextEphemeral: UInt16 = 0

    init(group: any EventLoopGroup, hasIPv6: Bool) {
        self.group = group
        self.hasIPv6 = hasIPv6
    }

    /// Binds all ports of an endpoint or none.
    /// - Parameter defaultAddress: the network's, for requests that name none.
    /// - Throws: Docker's words for a port that is taken, by us or by others.
    func reserve(
        _ requests: [PortRequest], endpoint: String, name: String, containerAddress: String, defaultAddress: String
    ) throws -> [PortBinding] {
        var sockets: [(binding: PortBinding, socket: OwnedDescriptor)] = []
        do {
            for request in requests {
                let addresses = try addresses(for: request, defaultAddress: defaultAddress)
                sockets += try reserve(request, on: addresses, containerAddress: containerAddress)
            }
        } catch {
            for entry in sockets { span.remove(Self.key(entry.binding)) }
            let what = (error as? GantryError)?.message ?? "\(error)"
            throw GantryError.internal(
                "driver failed programming external connectivity on endpoint \(name) (\(endpoint)): \(what)",
                hint: "publish another host port, or stop what uses this one (`ss -lntup` tells)")
        }
        reservations[endpoint] = Reservation(sockets: sockets)
        return sockets.map(\.binding)
    }

    /// Binds exactly `bindings` again, after a restart of the daemon. - Returns: those that could not be had, with the reason.
    func reclaim(_ bindings: [PortBinding], endpoint: String) -> [(PortBinding, any Error)] {
        var sockets: [(binding: PortBinding, socket: OwnedDescriptor)] = []
        var failures: [(PortBinding, any Error)] = []
        for binding in bindings {
            do {
                guard let address = IPAddress(binding.hostAddress) else { continue }
                sockets.append(
                    (binding, try BoundSocket.open(address, port: binding.hostPort, isStream: binding.transport == .tcp)))
                span.insert(Self.key(binding))
            } catch { failures.append((binding, error)) }
        }
        reservations[endpoint] = Reservation(sockets: sockets)
        return failures
    }

    /// What was reserved for an endpoint, to be served.
    func sockets(of endpoint: String) -> [(binding: PortBinding, socket: OwnedDescriptor)] { reservations[endpoint]?.sockets ?? [] }

    func keep(_ channel: any Channel, for endpoint: String) { reservations[endpoint]?.channels.append(channel) }

    /// Gives the ports of an endpoint back. - Returns: the channels to close.
    func release(_ endpoint: String) -> [any Channel] {
        guard let reservation = reservations.removeValue(forKey: endpoint) else { return [] }
        for entry in reservation.sockets { span.remove(Self.key(entry.binding)) }
        return reservation.channels
    }

    /// - Returns: all channels, for the end of the daemon.
    func releaseAll() -> [any Channel] { reservations.keys.flatMap { release($0) } }

    private static func key(_ binding: PortBinding) -> PortSpan.Key {
        PortSpan.Key(transport: binding.transport, address: binding.hostAddress, port: binding.hostPort)
    }

    private func addresses(for request: PortRequest, defaultAddress: String) throws(GantryError) -> [IPAddress] {
        guard request.transport != .sctp else {
            throw .unsupported("publishing sctp ports is not supported", hint: "use host networking for sctp")
        }
        if request.hostAddress.isEmpty {
            guard let address = IPAddress(defaultAddress) else {
                throw .invalid("invalid host binding address `\(defaultAddress)`")
            }
            return address == IPAddress(family: .v4, value: 0) && hasIPv6 ? [address, IPAddress(family: .v6, value: 0)] : [address]
        }
        guard let address = IPAddress(request.hostAddress) else { throw .invalid("invalid IP address: \(request.hostAddress)") }
        return [address]
    }

    /// One port number on all of `addresses`.
    private func reserve(
        _ request: PortRequest, on addresses: [IPAddress], containerAddress: String
    ) throws -> [(binding: PortBinding, socket: OwnedDescriptor)] {
        let isEphemeral = request.hostPorts == nil
        let range = request.hostPorts ?? Self.ephemeralRange()
        var failure: (any Error)?
        for offset in 0..<range.count {
            let start = isEphemeral && range.contains(nextEphemeral) ? Int(nextEphemeral - range.lowerBound) : 0
            let port = range.lowerBound + UInt16((start + offset) % range.count)
            do {
                let sockets = try bind(request, port: port, on: addresses, containerAddress: containerAddress)
                if isEphemeral { nextEphemeral = port == range.upperBound ? range.lowerBound : port + 1 }
                return sockets
            } catch {
                failure = error
                if let cause = (error as? GantryError)?.cause as? SystemError, cause.errno != EADDRINUSE { throw error }
            }
        }
        if isEphemeral { throw GantryError.unavailable("all ports are allocated") }
        throw failure ?? GantryError.unavailable("all ports are allocated")
    }

    private func bind(
        _ request: PortRequest, port: UInt16, on addresses: [IPAddress], containerAddress: String
    ) throws -> [(binding: PortBinding, socket: OwnedDescriptor)] {
        var result: [(binding: PortBinding, socket: OwnedDescriptor)] = []
        do {
            for address in addresses {
                let binding = PortBinding(
                    containerPort: request.containerPort, transport: request.transport, hostAddress: "\(address)", hostPort: port)
                let place = address.family == .v4 ? "\(address):\(port)" : "[\(address)]:\(port)"
                guard !span.isTaken(Self.key(binding)) else {
                    throw GantryError.conflict("Bind for \(place) failed: port is already allocated")
                }
                do throws(SystemError) {
                    result.append((binding, try BoundSocket.open(address, port: port, isStream: request.transport == .tcp)))
                } catch {
                    let route = "\(place):\(containerAddress):\(request.containerPort)/\(request.transport.rawValue)"
                    throw GantryError.conflict("failed to bind host port for \(route): \(error.reason)", cause: error)
                }
                span.insert(Self.key(binding))
            }
        } catch {
            for entry in result { span.remove(Self.key(entry.binding)) }
            throw error
        }
        return result
    }

    /// Source: ip(7), ip_local_port_range; RFC 6335 dynamic ports when it cannot be read.
    private static func ephemeralRange() -> ClosedRange<UInt16> {
        let text = (try? FileSystem.readText("/proc/sys/net/ipv4/ip_local_port_range")) ?? ""
        let numbers = text.split { $0 == "\t" || $0 == " " || $0 == "\n" }.compactMap { UInt16($0) }
        guard numbers.count == 2, numbers[0] > 0, numbers[0] <= numbers[1] else { return 49153...65535 }
        return numbers[0]...numbers[1]
    }
}
