/// An image's layers with what each brought and what of it was for nothing: `GET /images/{name}/layers`. Not part of Docker's
/// API.
package struct ImageLayersBody: Codable, Sendable, Hashable {
    package struct Layer: Codable, Sendable, Hashable {
        /// The line of the history.
        package var instruction: String
        package var diffID: String
        /// Bytes of its files.
        package var size: Int64
        package var added: Int
        package var changed: Int
        package var removed: Int
        /// Bytes of its files that a later layer overwrites or deletes.
        package var wasted: Int64

        package init(instruction: String, diffID: String, size: Int64, added: Int, changed: Int, removed: Int, wasted: Int64) {
            self.instruction = instruction
            self.diffID = diffID
            self.size = size
            self.added = added
            self.changed = changed
            self.removed = removed
            self.wasted = wasted
        }
    }

    /// A file that takes room and is not seen.
    package struct Waste: Codable, Sendable, Hashable {
        package var path: String
        package var size: Int64

        package init(path: String, size: Int64) {
            self.path = path
            self.size = size
        }
    }

    /// From the base upwards.
    package var layers: [Layer]
    /// The largest, at most twenty.
    package var waste: [Waste]
    /// Bytes that are seen, of all bytes; 1 for an image without waste.
    package var efficiency: Double

    package init(layers: [Layer], waste: [Waste], efficiency: Double) {
        self.layers = layers
        self.waste = waste
        self.efficiency = efficiency
    }
}
