/// Names of files are bytes: these turn them into what the kernel takes and what people read.
enum Names {
    static func cString(_ name: [UInt8]) -> [CChar] { name.map { CChar(bitPattern: $0) } + [0] }
    static func text(_ name: [UInt8]) -> String { String(decoding: name, as: UTF8.self) }
    static func join(_ directory: String, _ name: String) -> String { directory.isEmpty ? name : "\(directory)/\(name)" }
}
