import DockerAPI
import EngineClient
import Essentials
import OCI

/// `gantry tag`
struct TagCommand: EngineCommand {
    static let configuration = CommandConfiguration(
        commandName: "tag", abstract: "Create a tag TARGET_IMAGE that refers to SOURCE_IMAGE")
    static let usageLine = "SOURCE_IMAGE[:TAG] TARGET_IMAGE[:TAG]"
    static let operandCount = OperandCount.exactly(2)

    var operands: [String] = []

    func run(in session: Session) async throws {
        let target: Reference
        do { target = try Reference(operands[1]) } catch {
            throw GantryError.invalid("Error parsing reference: \"\(operands[1])\" is not a valid repository/tag: \(error.message)")
        }
        guard target.digest == nil else { throw GantryError.invalid("refusing to create a tag with a digest reference") }
        try await session.client.tag(operands[0], repository: target.familiarRepository, tag: target.tag ?? "latest")
    }
}
