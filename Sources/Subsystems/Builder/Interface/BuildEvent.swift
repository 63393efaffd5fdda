internal import BuildGraph
package import OCI

/// Something that happened in a build, in order; steps of different stages interleave.
package enum BuildEvent: Sendable {
    /// The number of steps that the image needs; once, before any step.
    case plan(total: Int)
    case stepStarted(BuildStepLabel)
    /// The result was there already.
    /// - Parameter origin: where it came from when it was made elsewhere: `registry registry.example/app:cache`.
    case stepCached(id: Int, image: String?, origin: String?)
    case stepFinished(id: Int, milliseconds: Int64, image: String?)
    /// Why the step had to be done again.
    case explanation(id: Int, cause: BuildCause)
    case output(id: Int, stream: BuildOutputStream, bytes: [UInt8])
    /// Something long, such as a pull; totals are nil where unknown.
    case progress(id: Int, text: String, current: Int64?, total: Int64?)
    case stepFailed(id: Int, milliseconds: Int64, failure: BuildFailure)
    /// Work beside the steps begins, such as the reading of a cache; its number is negative.
    case workStarted(id: Int, name: String)
    /// - Parameter failure: nil when it ended well.
    case workEnded(id: Int, milliseconds: Int64, failure: String?)
    case warning(String)
    /// The answer to another call than a build: JSON of a type of the Dockerfile module, or text.
    case report(String)
    /// An image of the state before the RUN that failed, with what its process had in the environment.
    case entrance(Digest, KeptMounts)
    /// The chain of layers that the build ended with; once, before the image.
    case layers(Digest)
    case imageWritten(Digest, milliseconds: Int64)
    case tagged(String)
    /// The id under which the history has the build; once, before anything else.
    case recorded(String)
    /// A result that can be fetched or pushed; once for each that was asked for.
    case exported(BuildExport)
}

/// Names a step for people.
package struct BuildStepLabel: Sendable, Hashable {
    /// From 1, in the order in which the image needs them.
    package var id: Int
    /// The instruction as written: `RUN make`.
    package var name: String
    /// `RUN`.
    package var keyword: String
    package var stage: String
    /// From 1, within the whole build.
    package var index: Int
    package var total: Int
    /// True when the step only changes the image's configuration.
    package var isMetadata: Bool

    package init(id: Int, name: String, keyword: String, stage: String, index: Int, total: Int, isMetadata: Bool) {
        self.id = id
        self.name = name
        self.keyword = keyword
        self.stage = stage
        self.index = index
        self.total = total
        self.isMetadata = isMetadata
    }
}

package enum BuildOutputStream: Int, Sendable { case standardOutput = 1, standardError = 2 }

/// One reason why a step was done again, in a sentence and for programs.
package struct BuildCause: Sendable, Hashable {
    package var text: String
    /// `first`, `gone`, `file`, `environment`, `argument`, `parent`, …
    package var kind: String
    /// A path, a variable, a flag.
    package var name: String
    package var old: String?
    package var new: String?

    init(_ cause: MissCause) {
        text = cause.text
        kind = cause.kind
        name = cause.name
        old = cause.old
        new = cause.new
    }
}
