import Essentials

/// What `--log-driver` and `--log-opt` come to, checked. Words for what is refused follow Docker's.
struct LogConfiguration: Sendable, Equatable {
    enum Driver: String, Sendable, CaseIterable {
        case jsonFile = "json-file"
        case journald, local, none, syslog
    }

    /// Sizes at which files are rotated, and what becomes of them.
    struct Rotation: Sendable, Equatable {
        /// Bytes; nil for never.
        var maxSize: Int64?
        var maxFiles = 1
        var compresses = false

        /// Of the `local` driver and of the copy that is kept of what goes to a log service.
        static let local = Rotation(maxSize: 20 << 20, maxFiles: 5, compresses: true)
    }

    /// Which labels and variables of the container are told with each line.
    struct AttributeSelection: Sendable, Equatable {
        var labels: [String] = []
        var labelPattern: String?
        var variables: [String] = []
        var variablePattern: String?
        /// A template; nil for the driver's own.
        var tag: String?
    }

    var driver = Driver.jsonFile
    /// Of the file that `logs` reads; nil when it can read nothing.
    var rotation: Rotation?
    var attributes = AttributeSelection()
    var syslog: SyslogOptions?
    /// Lines are dropped rather than the container held up: bytes that may wait.
    var nonBlockingBuffer: Int64?

    init(driver name: String, options: [String: String]) throws(GantryError) {
        guard let driver = name.isEmpty ? .jsonFile : Driver(rawValue: name) else {
            throw .invalid("logger: no log driver named '\(name)' is registered")
        }
        self.driver = driver
        if driver == .none { return }
        try readMode(options)
        for key in options.keys.sorted() where !Self.general.contains(key) && !Self.allowed(driver).contains(key) {
            throw .invalid("unknown log opt '\(key)' for \(driver.rawValue) log driver")
        }
        readAttributes(options)
        try checkAttributes()
        switch driver {
        case .jsonFile: rotation = try Self.rotation(Rotation(), options, prefix: "")
        case .local: rotation = try Self.rotation(.local, options, prefix: "")
        case .syslog, .journald:
            if driver == .syslog { syslog = try SyslogOptions(options) }
            let isOff = try Self.flag("cache-disabled", options) ?? false
            rotation = isOff ? nil : try Self.rotation(.local, options, prefix: "cache-")
        case .none: break
        }
    }

    // MARK: Options

    /// Docker's own, of all drivers.
    private static let general: Set<String> = [
        "mode", "max-buffer-size", "cache-disabled", "cache-max-size", "cache-max-file", "cache-compress",
    ]
    private static let attributeKeys: Set<String> = ["labels", "labels-regex", "env", "env-regex", "tag"]

    private static func allowed(_ driver: Driver) -> Set<String> {
        switch driver {
        case .jsonFile, .local: attributeKeys.union(["max-size", "max-file", "compress"])
        case .syslog: attributeKeys.union(SyslogOptions.keys)
        case .journald: attributeKeys
        case .none: []
        }
    }

    private mutating func readMode(_ options: [String: String]) throws(GantryError) {
        let mode = options["mode"] ?? ""
        guard ["", "blocking", "non-blocking"].contains(mode) else { throw .invalid("logger: logging mode not supported: \(mode)") }
        if mode == "non-blocking" { nonBlockingBuffer = 1 << 20 }
        guard let text = options["max-buffer-size"] else { return }
        guard mode == "non-blocking" else {
            throw .invalid("logger: max-buffer-size option is only supported with 'mode=non-blocking'")
        }
        guard let size = ByteSize.parseBinary(text), size > 0 else {
            throw .invalid("error parsing option max-buffer-size: invalid size: '\(text)'")
        }
        nonBlockingBuffer = size
    }

    private static func rotation(
        _ defaults: Rotation, _ options: [String: String], prefix: String
    ) throws(GantryError) -> Rotation {
        var rotation = defaults
        if let text = options[prefix + "max-size"] {
            // Unlike the buffer's, in multiples of 1000. Source: moby, daemon/logger/jsonfilelog and local.
            guard let size = ByteSize.parseDecimal(text) else {
                throw .invalid((defaults == .local ? "invalid value for max-size: \(text): " : "") + "invalid size: '\(text)'")
            }
            guard size > 0 else { throw .invalid("max-size must be a positive number") }
            rotation.maxSize = size
        }
        if let text = options[prefix + "max-file"] {
            guard let count = Int(text) else { throw .invalid("invalid value for max-file: `\(text)`, expected a number") }
            guard count >= 1 else { throw .invalid("max-file cannot be less than 1") }
            rotation.maxFiles = count
        }
        if let compresses = try flag(prefix + "compress", options) {
            rotation.compresses = compresses
            guard !compresses || (rotation.maxFiles > 1 && rotation.maxSize != nil) else {
                throw .invalid("compress cannot be true when max-file is less than 2 or max-size is not set")
            }
        } else if rotation.maxFiles == 1 {
            rotation.compresses = false
        }
        return rotation
    }

    /// What Go reads as a boolean.
    private static func flag(_ key: String, _ options: [String: String]) throws(GantryError) -> Bool? {
        guard let text = options[key] else { return nil }
        if ["1", "t", "T", "true", "TRUE", "True"].contains(text) { return true }
        if ["0", "f", "F", "false", "FALSE", "False"].contains(text) { return false }
        throw .invalid("invalid value for \(key): `\(text)`, expected true or false")
    }

    private mutating func readAttributes(_ options: [String: String]) {
        func list(_ key: String) -> [String] { (options[key] ?? "").split(separator: ",").map(String.init) }
        func pattern(_ key: String) -> String? { options[key].flatMap { $0.isEmpty ? nil : $0 } }
        attributes = AttributeSelection(
            labels: list("labels"), labelPattern: pattern("labels-regex"), variables: list("env"),
            variablePattern: pattern("env-regex"), tag: pattern("tag"))
    }

    private func checkAttributes() throws(GantryError) {
        for (key, pattern) in [("labels-regex", attributes.labelPattern), ("env-regex", attributes.variablePattern)] {
            guard let pattern else { continue }
            do { _ = try Regex(pattern) } catch {
                throw .invalid("invalid value for \(key): `\(pattern)` is no regular expression", cause: error)
            }
        }
        if let tag = attributes.tag { try LogTag.check(tag) }
    }
}
