/// What this runtime understands, as lists of words, from the tables that do the work.
package enum RuntimeFeatures {
    /// Those that are not handed to a file system as they are.
    package static var mountOptions: [String] {
        (Array(MountOptions.attributes.keys) + MountOptions.recursiveAttributes.keys + MountOptions.propagations.keys
            + MountOptions.fileSystemFlags + MountOptions.others).sorted()
    }

    package static var seccompFlags: [String] { SeccompInstallation.flags.keys.sorted() }
}
