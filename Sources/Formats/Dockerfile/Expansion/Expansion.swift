/// The work of expanding one text: a cursor over its bytes, what came out so far, and the words seen in it.
struct Expansion {
    typealias Failure = VariableExpander.Failure

    let bytes: [UInt8]
    let escape: UInt8
    let lookup: (String) -> String?
    /// Told of each variable that is used without saying what happens when it is not set.
    let onPlainUse: ((String) -> Void)?
    var index = 0
    var output: [UInt8] = []
    var words = Words()

    /// Collects words; a quoted empty word counts, an empty variable does not.
    struct Words {
        var all: [String] = []
        private var current: [UInt8] = []
        private var isOpen = false

        mutating func add(_ bytes: some Sequence<UInt8>) {
            current.append(contentsOf: bytes)
            isOpen = isOpen || !current.isEmpty
        }

        mutating func open() { isOpen = true }

        /// Adds an unquoted value: its blanks separate words.
        mutating func addSplitting(_ bytes: [UInt8]) {
            for byte in bytes { if ASCII.isBlank(byte) { finish() } else { add(CollectionOfOne(byte)) } }
        }

        mutating func finish() {
            if isOpen { all.append(ASCII.string(current)) }
            current = []
            isOpen = false
        }
    }

    init(bytes: [UInt8], escape: UInt8, onPlainUse: ((String) -> Void)? = nil, lookup: @escaping (String) -> String?) {
        self.bytes = bytes
        self.escape = escape
        self.onPlainUse = onPlainUse
        self.lookup = lookup
    }

    /// Another cursor over the same text, for what stands within a substitution.
    func nested() -> Expansion {
        var inner = Expansion(bytes: bytes, escape: escape, onPlainUse: onPlainUse, lookup: lookup)
        inner.index = index
        return inner
    }

    private mutating func emit(_ byte: UInt8) {
        output.append(byte)
        words.add(CollectionOfOne(byte))
    }

    mutating func whole() throws(Failure) {
        while index < bytes.count { try step() }
    }

    /// Up to `stop`, which is passed over; nested quotes and substitutions may hold it.
    /// - Returns: false when the text ended first.
    private mutating func upTo(_ stop: UInt8) throws(Failure) -> Bool {
        while index < bytes.count {
            if bytes[index] == stop {
                index += 1
                return true
            }
            try step()
        }
        return false
    }

    /// Exactly the one thing at the cursor.
    mutating func one() throws(Failure) { try step() }

    private mutating func step() throws(Failure) {
        let byte = bytes[index]
        if byte == ASCII.apostrophe {
            try singleQuoted()
        } else if byte == ASCII.quote {
            try doubleQuoted()
        } else if byte == ASCII.dollar {
            let value = try dollar()
            output.append(contentsOf: value)
            words.addSplitting(value)
        } else if byte == escape {
            index += 1
            guard index < bytes.count else { return }
            emit(bytes[index])
            index += 1
        } else {
            index += 1
            output.append(byte)
            words.addSplitting([byte])
        }
    }

    private mutating func singleQuoted() throws(Failure) {
        index += 1
        words.open()
        while index < bytes.count {
            let byte = bytes[index]
            index += 1
            if byte == ASCII.apostrophe { return }
            emit(byte)
        }
        throw Failure(message: "unexpected end of statement while looking for matching single-quote")
    }

    private mutating func doubleQuoted() throws(Failure) {
        index += 1
        words.open()
        while index < bytes.count {
            let byte = bytes[index]
            if byte == ASCII.quote {
                index += 1
                return
            } else if byte == ASCII.dollar {
                let value = try dollar()
                output.append(contentsOf: value)
                words.add(value)
            } else if byte == escape, index + 1 < bytes.count {
                let next = bytes[index + 1]
                // Inside double quotes only these three lose the escape before them.
                if next != ASCII.quote && next != ASCII.dollar && next != escape { emit(byte) }
                emit(next)
                index += 2
            } else {
                emit(byte)
                index += 1
            }
        }
        throw Failure(message: "unexpected end of statement while looking for matching double-quote")
    }

    /// A document: only `$` and an escaped `$` or escape mean something.
    mutating func raw() throws(Failure) {
        while index < bytes.count {
            let byte = bytes[index]
            if byte == ASCII.dollar {
                output.append(contentsOf: try dollar())
            } else if byte == escape, index + 1 < bytes.count, bytes[index + 1] == ASCII.dollar || bytes[index + 1] == escape {
                output.append(bytes[index + 1])
                index += 2
            } else {
                output.append(byte)
                index += 1
            }
        }
    }

    /// The value of the substitution at the cursor.
    private mutating func dollar() throws(Failure) -> [UInt8] {
        index += 1
        guard index < bytes.count, bytes[index] == UInt8(ascii: "{") else {
            let name = takeName()
            if name.isEmpty { return [ASCII.dollar] }
            onPlainUse?(name)
            return Array((lookup(name) ?? "").utf8)
        }
        index += 1
        let name = takeName()
        guard !name.isEmpty else { throw Failure(message: "syntax error: bad substitution") }
        guard index < bytes.count else { throw Failure(message: "syntax error: missing '}'") }
        let modifier = bytes[index]
        index += 1
        let value = lookup(name)
        switch modifier {
        case UInt8(ascii: "}"):
            onPlainUse?(name)
            return Array((value ?? "").utf8)
        case UInt8(ascii: ":"):
            guard index < bytes.count else { throw Failure(message: "syntax error: missing '}'") }
            let kind = bytes[index]
            index += 1
            return try conditional(kind, name, value, emptyCounts: true)
        case UInt8(ascii: "#"), UInt8(ascii: "%"): return try stripped(value ?? "", modifier)
        case ASCII.slash: return try replaced(value ?? "")
        default: return try conditional(modifier, name, value, emptyCounts: false)
        }
    }

    /// Letters, digits and underscores; a number; or one special character.
    private mutating func takeName() -> String {
        guard index < bytes.count else { return "" }
        let start = index
        let first = bytes[index]
        if ASCII.isLetter(first) || first == UInt8(ascii: "_") {
            while index < bytes.count,
                ASCII.isLetter(bytes[index]) || ASCII.isDigit(bytes[index]) || bytes[index] == UInt8(ascii: "_")
            {
                index += 1
            }
        } else if ASCII.isDigit(first) {
            while index < bytes.count, ASCII.isDigit(bytes[index]) { index += 1 }
        } else if "@*#?-$!".utf8.contains(first) {
            index += 1
        }
        return ASCII.string(bytes[start..<index])
    }

    private mutating func conditional(_ kind: UInt8, _ name: String, _ value: String?, emptyCounts: Bool) throws(Failure) -> [UInt8]
    {
        let word = try substitutionWord()
        let isSet = value != nil && !(emptyCounts && value == "")
        switch kind {
        case ASCII.dash: return isSet ? Array((value ?? "").utf8) : word
        case UInt8(ascii: "+"): return isSet ? word : []
        case UInt8(ascii: "?"):
            guard isSet else {
                let reason =
                    word.isEmpty ? "is not allowed to be \(emptyCounts && value != nil ? "empty" : "unset")" : ASCII.string(word)
                throw Failure(message: "\(name): \(reason)")
            }
            return Array((value ?? "").utf8)
        default: throw Failure(message: "unsupported modifier (\(ASCII.string([kind]))) in substitution")
        }
    }

    /// The word after a modifier, itself expanded, up to the closing brace.
    private mutating func substitutionWord(until stop: UInt8 = UInt8(ascii: "}")) throws(Failure) -> [UInt8] {
        var inner = nested()
        guard try inner.upTo(stop) else { throw Failure(message: "syntax error: missing '}'") }
        index = inner.index
        return inner.output
    }
}
