/// The one shape in which everything above Base reports a failure.
///
/// `message` is a lower-case sentence without a full stop that names the value concerned in backquotes where Docker's own
/// wording does not prescribe otherwise. `cause` is what the layer below said; it is never dropped.
package struct GantryError: Error, Sendable {
    /// What a caller can do about it; servers and programs map it to a status in one table each.
    package enum Kind: String, Sendable {
        case invalid, notFound, conflict, notModified, unauthenticated, denied, unavailable, unsupported, cancelled, timedOut
        case `internal`
    }

    package var kind: Kind
    package var message: String
    package var cause: (any Error)?
    /// What the user can do, shown after the chain of causes.
    package var hint: String?

    package init(_ kind: Kind, _ message: String, cause: (any Error)? = nil, hint: String? = nil) {
        self.kind = kind
        self.message = message
        self.cause = cause
        self.hint = hint
    }
}

extension GantryError {
    package static func invalid(_ message: String, cause: (any Error)? = nil, hint: String? = nil) -> GantryError {
        GantryError(.invalid, message, cause: cause, hint: hint)
    }

    package static func notFound(_ message: String, cause: (any Error)? = nil, hint: String? = nil) -> GantryError {
        GantryError(.notFound, message, cause: cause, hint: hint)
    }

    package static func conflict(_ message: String, cause: (any Error)? = nil, hint: String? = nil) -> GantryError {
        GantryError(.conflict, message, cause: cause, hint: hint)
    }

    package static func denied(_ message: String, cause: (any Error)? = nil, hint: String? = nil) -> GantryError {
        GantryError(.denied, message, cause: cause, hint: hint)
    }

    package static func unavailable(_ message: String, cause: (any Error)? = nil, hint: String? = nil) -> GantryError {
        GantryError(.unavailable, message, cause: cause, hint: hint)
    }

    package static func unsupported(_ message: String, cause: (any Error)? = nil, hint: String? = nil) -> GantryError {
        GantryError(.unsupported, message, cause: cause, hint: hint)
    }

    package static func `internal`(_ message: String, cause: (any Error)? = nil, hint: String? = nil) -> GantryError {
        GantryError(.internal, message, cause: cause, hint: hint)
    }
}

extension GantryError: CustomStringConvertible {
    /// The message and its chain of causes on one line, `outer: inner: innermost`.
    package var description: String {
        guard let cause else { return message }
        return "\(message): \(cause)"
    }
}
