/// A value for one control file.
package struct CgroupSetting: Sendable, Equatable {
    /// v1: whose hierarchy; v2: whose files.
    package var controller: String
    package var file: String
    package var value: String
    /// What the user asked for, as it is named in errors.
    package var purpose: String
    /// A host without the file is not an error: the value is a default, not a wish. A value that is refused still is one.
    package var isOptional: Bool
    /// What takes the same limit where `file` is missing, such as `io.weight` for `io.bfq.weight`.
    package var otherFile: String?
    package var otherValue: String?

    init(
        _ controller: String, _ file: String, _ value: String, for purpose: String, optional: Bool = false,
        or other: (file: String, value: String)? = nil
    ) {
        self.controller = controller
        self.file = file
        self.value = value
        self.purpose = purpose
        isOptional = optional
        otherFile = other?.file
        otherValue = other?.value
    }
}
