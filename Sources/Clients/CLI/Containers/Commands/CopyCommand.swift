import EngineClient
import Essentials

/// `gantry cp`
struct CopyCommand: EngineCommand {
    static let configuration = CommandConfiguration(
        commandName: "cp", abstract: "Copy files/folders between a container and the local filesystem")
    static let usageLine = "[OPTIONS] CONTAINER:SRC_PATH DEST_PATH|-\n\tgantry cp [OPTIONS] SRC_PATH|- CONTAINER:DEST_PATH"
    static let operandCount = OperandCount.exactly(2)

    @Flag(name: .shortAndLong, help: "Archive mode (copy all uid/gid information)") var archive = false
    @Flag(name: [.customShort("L"), .long], help: "Always follow symbol link in SRC_PATH") var followLink = false
    @Flag(name: .shortAndLong, help: "Suppress progress output during copy") var quiet = false
    var operands: [String] = []

    func run(in session: Session) async throws {
        guard !operands[0].isEmpty else { throw GantryError.invalid("source can not be empty") }
        guard !operands[1].isEmpty else { throw GantryError.invalid("destination can not be empty") }
        switch (CopySide(operands[0]), CopySide(operands[1])) {
        case (.container(let name, let path), let target) where !target.isContainer:
            try await copyOut(name, path, target, session)
        case (let source, .container(let name, let path)) where !source.isContainer:
            try await copyIn(source, name, path, session)
        case (.container, _): throw GantryError.invalid("copying between containers is not supported")
        default: throw GantryError.invalid("must specify at least one container source")
        }
    }

    private func copyOut(_ name: String, _ path: String, _ target: CopySide, _ session: Session) async throws {
        let copy = CopyOut(container: name, path: path, followsLinks: followLink, keepsOwners: archive, session: session)
        guard case .local(let destination) = target else { return try await copy.toStream() }
        report(try await copy.toPath(destination), to: destination, session)
    }

    private func copyIn(_ source: CopySide, _ name: String, _ path: String, _ session: Session) async throws {
        let copy = CopyIn(container: name, path: path, followsLinks: followLink, keepsOwners: archive, session: session)
        guard case .local(let local) = source else { return try await copy.fromStream() }
        report(try await copy.fromPath(local), to: "\(name):\(path)", session)
    }

    private func report(_ bytes: Int64, to destination: String, _ session: Session) {
        guard !quiet, session.console.errorIsTerminal else { return }
        session.console.printError("Successfully copied \(ByteSize.decimal(bytes, digits: 3)) to \(destination)")
    }
}

extension CopySide {
    fileprivate var isContainer: Bool {
        if case .container = self { true } else { false }
    }
}
