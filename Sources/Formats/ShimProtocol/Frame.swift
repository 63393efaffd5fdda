/// A message on the shim's socket: kind (1 byte), three zero bytes, length of the payload (4 bytes, little endian), payload.
package enum FrameKind: UInt8, Sendable {
    // From a client.
    /// int32 number. Answered by `done`.
    case signal = 1
    /// uint16 columns, uint16 rows. Answered by `done`.
    case resize = 2
    case stdin = 3
    case closeStdin = 4
    /// One byte of ``AttachFlags``. Answered by `done`.
    case attach = 5
    /// Lets a held program run. Answered by `done`, or by `report` when it could not be run.
    case release = 6
    // From the shim.
    case stdout = 16
    case stderr = 17
    /// An ``ExitReport``; the last frame of a connection.
    case exited = 18
    /// int32 errno, 0 for success.
    case done = 19
    /// A ``StartReport``.
    case report = 20
    /// The log was rotated: there is something to compress. Empty.
    case logRotated = 24
    /// A client that took nothing for too long was given up, told to the others. Empty.
    case clientDropped = 25
}

package enum Frame {
    package static let headerSize = 8
    /// A longer payload is an error of the sender's.
    package static let maximumPayload = 65536

    package static func encode(_ kind: FrameKind, _ payload: [UInt8] = []) -> [UInt8] {
        var bytes: [UInt8] = [kind.rawValue, 0, 0, 0]
        PlanCoding.append(UInt32(payload.count), to: &bytes)
        bytes.append(contentsOf: payload)
        return bytes
    }

    package enum Header: Equatable, Sendable {
        case incomplete
        case malformed
        case frame(FrameKind, length: Int)
    }

    /// Reads the header at the start of `bytes`.
    package static func header(_ bytes: ArraySlice<UInt8>) -> Header {
        guard bytes.count >= headerSize else { return .incomplete }
        let at = bytes.startIndex
        var length = 0
        for index in 0..<4 { length |= Int(bytes[at + 4 + index]) << (8 * index) }
        guard let kind = FrameKind(rawValue: bytes[at]), bytes[at + 1] == 0, bytes[at + 2] == 0, bytes[at + 3] == 0,
            length <= maximumPayload
        else { return .malformed }
        return .frame(kind, length: length)
    }
}

package enum AttachFlags {
    package static let stdin: UInt8 = 1
    package static let stdout: UInt8 = 2
    package static let stderr: UInt8 = 4
}
