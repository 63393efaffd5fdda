internal import CLinux

/// The extended attributes that belong to a file's content: `user.*` and file capabilities.
package enum ExtendedAttributes {
    /// Of an open file or directory, sorted by name. File systems without any have none.
    package static func read(_ file: OwnedDescriptor) throws -> [(name: String, value: [UInt8])] {
        // Nearly no file has any.
        if flistxattr(file.raw, nil, 0) == 0 { return [] }
        var list = [CChar](repeating: 0, count: 64 << 10)
        let size = flistxattr(file.raw, &list, list.count)
        if size < 0 {
            if [ENOTSUP, EBADF, ENOSYS].contains(gantry_errno()) { return [] }
            throw SystemError.last("flistxattr")
        }
        let names = list[..<size].split(separator: 0).map { String(decoding: $0.map { UInt8(bitPattern: $0) }, as: UTF8.self) }
        var result: [(name: String, value: [UInt8])] = []
        for name in names.sorted() where name.hasPrefix("user.") || name == "security.capability" {
            var value = [UInt8](repeating: 0, count: 64 << 10)
            let count = try check("fgetxattr", name) { fgetxattr(file.raw, name, &value, value.count) }
            result.append((name, Array(value[..<count])))
        }
        return result
    }

    package static func write(_ attributes: [(name: String, value: [UInt8])], to file: OwnedDescriptor) throws {
        for attribute in attributes {
            if fsetxattr(file.raw, attribute.name, attribute.value, attribute.value.count, 0) == 0 { continue }
            guard gantry_errno() == ENOTSUP else { throw SystemError.last("fsetxattr", attribute.name) }
        }
    }
}
