/// An OCI runtime on offer.
package struct RuntimeInfo: Codable, Sendable, Hashable {
    @Lenient package var path = ""
    package var runtimeArguments: [String]?
    package var status: [String: String]?

    package init() {}

    private enum CodingKeys: String, CodingKey {
        case path, status
        case runtimeArguments = "runtimeArgs"
    }
}

extension RuntimeInfo: Blank {
    package static var blank: RuntimeInfo { RuntimeInfo() }
}
