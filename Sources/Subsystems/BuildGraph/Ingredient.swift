/// One named part of a step's key. Names are what people know: a variable, a path in the context, a flag.
package struct Ingredient: Sendable, Hashable, Codable {
    package enum Kind: String, Sendable, Codable {
        /// The layers the step stands on.
        case parent
        /// The base image of a stage.
        case base
        /// The instruction's text after expansion.
        case instruction
        case environment, argument, file, flag, user, directory, shell, mount, network, platform, setting
    }

    package var kind: Kind
    package var name: String
    package var value: String

    package init(_ kind: Kind, _ name: String, _ value: String) {
        self.kind = kind
        self.name = name
        self.value = value
    }
}
