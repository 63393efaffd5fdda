import ContainerRuntime
import Essentials
import LinuxSystem

/// Where one container's output goes, and where `logs` finds it.
struct ContainerLog: Sendable {
    let record: ContainerRecord
    let configuration: LogConfiguration
    /// The container's directory of the data root.
    let directory: String

    init(_ record: ContainerRecord, configuration engine: EngineConfiguration) throws(GantryError) {
        self.record = record
        configuration = try LogConfiguration(driver: record.settings.host.logDriver, options: record.settings.host.logOptions)
        directory = engine.containerDirectory(record.id)
    }

    var format: LogFile.Format { configuration.driver == .jsonFile ? .jsonLines : .records }

    /// The file that is written to; nil when nothing is kept.
    var path: String? {
        guard configuration.rotation != nil else { return nil }
        return switch configuration.driver {
        case .jsonFile: "\(directory)/\(record.id)-json.log"
        case .local: "\(directory)/local-logs/container.log"
        case .journald, .syslog: "\(directory)/container-cached.log"
        case .none: nil
        }
    }

    /// What `inspect` shows: only files that others can read have a place.
    var shownPath: String { configuration.driver == .jsonFile ? path ?? "" : "" }

    /// For the shim.
    func file() throws -> LogFile? {
        guard let path, let rotation = configuration.rotation else { return nil }
        if configuration.driver == .local { try FileSystem.makeDirectories("\(directory)/local-logs", mode: 0o700) }
        var file = LogFile(
            path: path, format: format, maxSize: rotation.maxSize, maxFiles: rotation.maxFiles,
            attributes: LogAttributes.json(try attributes()))
        // Of what goes to a service it is the service that may be too slow; its copy is whole.
        if configuration.driver == .jsonFile || configuration.driver == .local { file.dropsAfter = configuration.nonBlockingBuffer }
        return file
    }

    var hasService: Bool { configuration.driver == .syslog || configuration.driver == .journald }

    /// For the shim: the log service. Blocks while it is looked for.
    func service() throws -> LogService? {
        switch configuration.driver {
        case .syslog:
            guard let options = configuration.syslog else { return nil }
            let address = try LogServiceAddress.find(options.address)
            return LogService(
                kind: Self.kind(options.format), address: address.bytes, isStream: address.isStream, facility: options.facility,
                tag: try tag(), hostName: HostInformation.hostname(), mayDrop: mayDrop, bufferSize: bufferSize)
        case .journald:
            let address = try LogServiceAddress.findJournal()
            return LogService(
                kind: .journal, address: address.bytes, isStream: false, tag: try journalFields(), mayDrop: mayDrop,
                bufferSize: bufferSize)
        case .jsonFile, .local, .none: return nil
        }
    }

    private var mayDrop: Bool { configuration.nonBlockingBuffer != nil }
    private var bufferSize: Int { Int(configuration.nonBlockingBuffer ?? 256 << 10) }

    private static func kind(_ format: SyslogOptions.Format) -> LogService.Kind {
        switch format {
        case .plain: .plain
        case .rfc3164: .rfc3164
        case .rfc5424: .rfc5424
        case .rfc5424Microseconds: .rfc5424Microseconds
        }
    }

    private func attributes() throws -> [String: String] {
        var result = try LogAttributes.select(configuration.attributes, of: record)
        // The file drivers tell a tag only when one was asked for.
        if let tag = configuration.attributes.tag { result["tag"] = try LogTag.render(tag, record) }
        return result
    }

    /// The short id when nothing was asked for.
    private func tag() throws -> String { try LogTag.render(configuration.attributes.tag ?? "{{.ID}}", record) }

    /// Source: Docker's documentation, "Journald logging driver".
    private func journalFields() throws -> String {
        let tag = try tag()
        var fields = [
            ("CONTAINER_ID", Identifier.short(record.id)), ("CONTAINER_ID_FULL", record.id), ("CONTAINER_NAME", record.name),
            ("CONTAINER_TAG", tag), ("IMAGE_NAME", record.settings.image), ("SYSLOG_IDENTIFIER", tag),
        ]
        for (key, value) in try LogAttributes.select(configuration.attributes, of: record).sorted(by: { $0.key < $1.key }) {
            fields.append((Self.fieldName(key), value))
        }
        // A newline would begin another field.
        return fields.map { "\($0)=\($1.replacing("\n", with: " "))\n" }.joined()
    }

    /// Capital letters, digits and underscores, not beginning with an underscore: others are the journal's own.
    private static func fieldName(_ key: String) -> String {
        let name = key.uppercased().map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "_" }
        return String(name.drop { $0 == "_" })
    }
}
