/// A value for one control file.
package struct CgroupSetting: Sendable, Equatable {
    /// v1: whose hierarchy; v2: whose files.
    package var controller: String
    package var file: String
    package var value: String
    /// What the user asked for, as it is named in errors.
    package var purpose: String
    /// A host without the file is not an error.
    package var isOptional: Bool

    init(_ controller: String, _ file: String, _ value: String, for purpose: String, optional: Bool = false) {
        self.controller = controller
        self.file = file
        self.value = value
        self.purpose = purpose
        isOptional = optional
    }
}
