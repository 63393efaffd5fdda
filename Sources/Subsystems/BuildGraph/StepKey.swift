internal import Crypto
internal import Essentials

/// What a step's result depends on: a digest for finding it, and the list it was made of for explaining a miss.
package struct StepKey: Sendable, Hashable {
    /// Where the step stands: not part of the digest, so that the same step elsewhere finds the same result.
    package struct Place: Sendable, Hashable {
        /// Groups builds of the same thing.
        package var scope: String
        package var stage: String
        /// From 1, within the stage.
        package var position: Int
        package var keyword: String

        package init(scope: String, stage: String, position: Int, keyword: String) {
            self.scope = scope
            self.stage = stage
            self.position = position
            self.keyword = keyword
        }
    }

    package let place: Place
    /// The instruction as written, shortened by nobody.
    package let description: String
    package let ingredients: [Ingredient]
    /// 64 hexadecimal digits of a SHA-256 over all ingredients in order.
    package let digest: String
    /// Number of the step whose result is the parent, for messages; nil for a base image.
    package let parentStep: Int?

    package init(place: Place, description: String, ingredients: [Ingredient], parentStep: Int? = nil) {
        self.place = place
        self.description = description
        self.ingredients = ingredients
        self.parentStep = parentStep
        var hash = SHA256()
        hash.update(data: Array("gantry-step-1".utf8))
        for ingredient in ingredients {
            // Lengths in front keep two neighbours from being read as one another.
            for text in [ingredient.kind.rawValue, ingredient.name, ingredient.value] {
                let bytes = Array(text.utf8)
                withUnsafeBytes(of: UInt64(bytes.count).littleEndian) { hash.update(bufferPointer: $0) }
                hash.update(data: bytes)
            }
        }
        digest = Identifier.hex(hash.finalize())
    }
}
