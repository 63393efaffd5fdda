package import Dockerfile
package import Essentials

/// Why a build ended without an image, with the place in the Dockerfile.
package struct BuildFailure: Error, Sendable {
    /// What went wrong in BuildKit's words: `process "/bin/sh -c false" did not complete successfully: exit code: 1`.
    package var error: GantryError
    /// What the classic builder's clients expect to read; nil when it is the same.
    package var classicMessage: String?
    package var range: SourceRange?
    /// The Dockerfile's lines around the place, ready to print; empty without a place.
    package var excerpt: String
    /// Exit code of the command that failed.
    package var exitCode: Int32?

    package init(
        _ error: GantryError, classicMessage: String? = nil, range: SourceRange? = nil, excerpt: String = "", exitCode: Int32? = nil
    ) {
        self.error = error
        self.classicMessage = classicMessage
        self.range = range
        self.excerpt = excerpt
        self.exitCode = exitCode
    }
}

extension BuildFailure: CustomStringConvertible {
    package var description: String { error.description }
}
