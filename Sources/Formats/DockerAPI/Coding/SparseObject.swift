/// An object of JSON that has only the members that are set: what is blank says the same as what is absent.
///
/// Written field by field, without `Encoder`: there each type of field costs a program a search through all its conformances, which
/// is longer than everything else that a short-lived client does.
struct SparseObject {
    private let tree = JSONTree()

    init() { tree.becomeObject() }

    func add<Value: FieldValue>(_ key: some CodingKey, _ value: Value) throws {
        if value != .blank { try JSONTreeEncoder.fill(tree.member(key.stringValue), with: value, path: []) }
    }

    func add<Value: Encodable>(_ key: some CodingKey, _ value: Value?) throws {
        if let value { try JSONTreeEncoder.fill(tree.member(key.stringValue), with: value, path: []) }
    }

    /// Adds an object that `members` fills, unless `value` is blank.
    func add<Value: Blank & Equatable>(
        _ key: some CodingKey, _ value: Value, members: (Value, SparseObject) throws -> Void
    ) rethrows {
        guard value != .blank else { return }
        let object = SparseObject()
        try members(value, object)
        tree.add(key.stringValue, object.tree)
    }

    var text: [UInt8] {
        var text: [UInt8] = []
        tree.write(to: &text)
        return text
    }
}
