/// Options of an image mount.
package struct MountImageOptions: Codable, Sendable, Hashable {
    @OmitEmpty package var subpath = ""

    package init() {}

    private enum CodingKeys: String, CodingKey {
        case subpath = "Subpath"
    }
}

extension MountImageOptions: Blank {
    package static var blank: MountImageOptions { MountImageOptions() }
}
