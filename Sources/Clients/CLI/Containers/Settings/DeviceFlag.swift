import DockerAPI
import Essentials

/// `--device host[:container][:rwm]` and the limits on devices.
enum DeviceFlag {
    /// `vendor.com/class=name`: a device that the daemon looks up in the host's CDI files.
    static func isQualifiedName(_ text: String) -> Bool {
        guard let equals = text.firstIndex(of: "="), let slash = text[..<equals].firstIndex(of: "/") else { return false }
        return slash != text.startIndex && text.index(after: slash) < equals && text.index(after: equals) < text.endIndex
    }

    static func requests(_ texts: [String]) -> [DeviceRequest] {
        let names = texts.filter(isQualifiedName)
        guard !names.isEmpty else { return [] }
        var request = DeviceRequest()
        request.driver = "cdi"
        request.deviceIDs = names
        return [request]
    }

    static func parse(_ text: String) throws -> DeviceMapping {
        var mapping = DeviceMapping()
        let parts = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        mapping.cgroupPermissions = "rwm"
        mapping.pathOnHost = parts[0]
        mapping.pathInContainer = parts[0]
        switch parts.count {
        case 1: break
        case 2:
            if isMode(parts[1]) { mapping.cgroupPermissions = parts[1] } else { mapping.pathInContainer = try path(parts[1]) }
        case 3:
            guard isMode(parts[2]) else { throw GantryError.invalid("bad mode specified: \(parts[2])") }
            mapping.pathInContainer = try path(parts[1])
            mapping.cgroupPermissions = parts[2]
        default: throw GantryError.invalid("invalid device specification: \(text)")
        }
        // A name such as `vendor.com/class=name` is for the daemon to look up: it is no path.
        if !text.contains("=") { mapping.pathOnHost = try path(mapping.pathOnHost) }
        return mapping
    }

    private static func path(_ text: String) throws -> String {
        guard text.hasPrefix("/") else { throw GantryError.invalid("\(text) is not an absolute path") }
        return text
    }

    private static func isMode(_ text: String) -> Bool {
        !text.isEmpty && text.allSatisfy { "rwm".contains($0) } && Set(text).count == text.count
    }

    /// `c 42:* rwm`.
    static func isRule(_ text: String) -> Bool {
        let parts = text.split(separator: " ", omittingEmptySubsequences: false)
        guard parts.count == 3, ["a", "b", "c"].contains(parts[0]) else { return false }
        let numbers = parts[1].split(separator: ":", omittingEmptySubsequences: false)
        guard numbers.count == 2, numbers.allSatisfy({ $0 == "*" || (!$0.isEmpty && $0.allSatisfy(\.isNumber)) }) else {
            return false
        }
        return (1...3).contains(parts[2].count) && parts[2].allSatisfy { "rwm".contains($0) }
    }

    /// Path and value of `/dev/sda:1mb`.
    static func limit(_ text: String, flag: String) throws -> (path: String, value: String) {
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 2, !parts[0].isEmpty else { throw UsageError.invalid(text, flag: flag, "bad format: \(text)") }
        guard parts[0].hasPrefix("/dev/") else { throw UsageError.invalid(text, flag: flag, "bad format for device path: \(text)") }
        return (parts[0], parts[1])
    }

    static func rate(_ text: String, flag: String, inBytes: Bool) throws -> ThrottleDevice {
        let (path, value) = try limit(text, flag: flag)
        let rate = inBytes ? ByteSize.parseBinary(value).map { UInt64($0) } : UInt64(value)
        guard let rate else {
            let form =
                inBytes
                ? "<device-path>:<number>[<unit>]. Number must be a positive integer. Unit is optional and can be kb, mb, or gb"
                : "<device-path>:<number>. Number must be a positive integer"
            throw UsageError.invalid(text, flag: flag, "invalid rate for device: \(text). The correct format is \(form)")
        }
        var result = ThrottleDevice()
        result.path = path
        result.rate = rate
        return result
    }
}

/// `--gpus all`, `--gpus 2`, `--gpus '"device=0,1",capabilities=utility'`.
enum GraphicsFlag {
    static func parse(_ text: String) throws -> DeviceRequest {
        var request = DeviceRequest()
        var capabilities: Set<String> = ["gpu"]
        for field in CommaFields.split(text) {
            let (key, value) = FlagValue.split(field)
            guard let value else {
                request.count = try count(key, text)
                continue
            }
            switch key {
            case "driver": request.driver = value
            case "count": request.count = try count(value, text)
            case "device": request.deviceIDs = value.split(separator: ",").map(String.init)
            case "capabilities": capabilities.formUnion(value.split(separator: ",").map(String.init))
            case "options": request.options = FlagValue.map(CommaFields.split(value))
            default: throw UsageError.invalid(text, flag: "--gpus", "unexpected key '\(key)' in '\(field)'")
            }
        }
        if request.count == 0 && request.deviceIDs.isEmpty { request.count = 1 }
        request.capabilities = [capabilities.sorted()]
        return request
    }

    private static func count(_ text: String, _ whole: String) throws -> Int {
        if text == "all" { return -1 }
        guard let count = Int(text) else {
            throw UsageError.invalid(whole, flag: "--gpus", "invalid count (\(text)): value must be either \"all\" or an integer")
        }
        return count
    }
}

/// `--ulimit name=soft[:hard]`.
enum UlimitFlag {
    private static let names: Set<String> = [
        "core", "cpu", "data", "fsize", "locks", "memlock", "msgqueue", "nice", "nofile", "nproc", "rss", "rtprio", "rttime",
        "sigpending", "stack",
    ]

    /// One for each name; a later one replaces an earlier.
    static func parse(_ texts: [String]) throws -> [UlimitBody] {
        var result: [String: UlimitBody] = [:]
        for text in texts {
            let limit = try parse(text)
            result[limit.name] = limit
        }
        return result.values.sorted { $0.name < $1.name }
    }

    static func parse(_ text: String) throws -> UlimitBody {
        func wrong(_ reason: String) -> UsageError { UsageError.invalid(text, flag: "--ulimit", reason) }
        let (name, value) = FlagValue.split(text)
        guard let value else { throw wrong("invalid ulimit argument: \(text)") }
        guard names.contains(name) else { throw wrong("invalid ulimit type: \(name)") }
        let parts = value.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        guard parts.count <= 2 else {
            throw wrong("too many limit value arguments - \(value), can only have up to two, `soft[:hard]`")
        }
        var limit = UlimitBody()
        limit.name = name
        let numbers = try parts.map { part in
            guard let number = Int64(part) else { throw wrong("strconv.ParseInt: parsing \"\(part)\": invalid syntax") }
            return number
        }
        limit.soft = numbers[0]
        limit.hard = numbers.count > 1 ? numbers[1] : numbers[0]
        if limit.hard != -1 {
            guard limit.soft != -1 else {
                throw wrong("ulimit soft limit must be less than or equal to hard limit: soft: -1 (unlimited), hard: \(limit.hard)")
            }
            guard limit.soft <= limit.hard else {
                throw wrong("ulimit soft limit must be less than or equal to hard limit: \(limit.soft) > \(limit.hard)")
            }
        }
        return limit
    }
}
