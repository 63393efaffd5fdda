/// `{}`: the value of Go's maps that are used as sets.
package struct EmptyObject: Codable, Sendable, Hashable, Blank {
    package init() {}

    package static var blank: EmptyObject { EmptyObject() }
}
