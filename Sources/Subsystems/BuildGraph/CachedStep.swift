package import Essentials

/// A step's result as it is remembered.
package struct CachedStep: Sendable, Hashable {
    /// The digest of its key.
    package var key: String
    package var place: StepKey.Place
    package var description: String
    package var ingredients: [Ingredient]
    /// `sha256:…` of the layers it gave.
    package var chainID: String
    package var diffID: String
    /// Bytes of its layer.
    package var size: Int64
    package var createdAt: Timestamp
    package var lastUsedAt: Timestamp
    package var useCount: Int
    /// What making it took; 0 when not known.
    package var milliseconds: Int64 = 0
    /// The time that the image's history gives for the layer; nil for the time when it was made.
    package var layerTime: Timestamp?

    package init(key: StepKey, chainID: String, diffID: String, size: Int64, now: Timestamp) {
        self.key = key.digest
        place = key.place
        description = key.description
        ingredients = key.ingredients
        self.chainID = chainID
        self.diffID = diffID
        self.size = size
        createdAt = now
        lastUsedAt = now
        useCount = 0
    }
}
