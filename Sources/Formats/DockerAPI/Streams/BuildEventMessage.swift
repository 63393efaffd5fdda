/// A line of `POST /build?gantry-events=1`: what happens in the build, for our own command line. Not part of Docker's API.
///
/// `kind` says which fields are filled:
/// - `plan`: `total` steps
/// - `stepStarted`: `stepID`, `name`, `stage`, `index`, `total`
/// - `stepCached`, `stepFinished`: `stepID`, `durationMs`, `digest` of the result where there is one
/// - `explanation`: `stepID`, `text` (why it was rebuilt), `cause`
/// - `output`: `stepID`, `stream` (1 or 2), `text`
/// - `progress`: `stepID`, `text`, `current` and `totalBytes`
/// - `stepFailed`: `stepID`, `durationMs`, `error`
/// - `warning`: `text`
/// - `layers`: `digest` of the chain of layers that the build ended with
/// - `entrance`: `digest` of an image of the state before the RUN that failed, `mounts` that it had, `holder`
/// - `report`: `text`, the answer to another call than a build
/// - `tagged`: `tag`
/// - `finished`: `digest`, `durationMs`
/// - `failed`: `error`
/// - `recorded`: `digest`, the id of the build in the history
/// - `exported`: `export`
package struct BuildEventMessage: Codable, Sendable, Hashable {
    package enum Kind: String, Codable, Sendable {
        case plan, stepStarted, stepCached, stepFinished, explanation, output, progress, stepFailed, warning, report, layers,
            entrance,
            tagged, finished,
            failed, recorded, exported
    }

    /// What failed and where.
    package struct Failure: Codable, Sendable, Hashable {
        package var message: String
        /// Line of the Dockerfile, from 1.
        package var line: Int?
        /// The lines of the Dockerfile around it, ready to print.
        package var excerpt: String?
        package var hint: String?
        /// Exit code of the command.
        package var exitCode: Int?

        package init(message: String) { self.message = message }
    }

    /// What changed since the step was done last.
    package struct Cause: Codable, Sendable, Hashable {
        /// `first`, `gone`, `file`, `environment`, `argument`, `parent`, …
        package var kind: String
        /// A path, a variable, a flag.
        package var name: String
        package var old: String?
        package var new: String?

        package init(kind: String, name: String, old: String?, new: String?) {
            self.kind = kind
            self.name = name
            self.old = old
            self.new = new
        }
    }

    /// A result that can be fetched or pushed.
    package struct Export: Codable, Sendable, Hashable {
        /// Place among those asked for, from 0.
        package var number: Int
        /// Under which the daemon has it for a while.
        package var id: String
        /// Of the manifest or index; nil for files.
        package var descriptor: DescriptorBody?
        /// Of the only image.
        package var configDigest: String?

        package init(number: Int, id: String) {
            self.number = number
            self.id = id
        }
    }

    package var kind: Kind
    package var stepID: Int?
    /// The instruction as written: `RUN make`.
    package var name: String?
    package var stage: String?
    /// From 1, within `total`.
    package var index: Int?
    package var total: Int?
    /// 1 standard output, 2 standard error.
    package var stream: Int?
    package var text: String?
    package var current: Int64?
    package var totalBytes: Int64?
    package var durationMs: Int64?
    package var digest: String?
    /// As `--mount` takes them.
    package var mounts: [String]?
    /// By which `POST /build/held/{holder}` keeps secrets and agents among the mounts until the client leaves.
    package var holder: String?
    package var tag: String?
    package var error: Failure?
    package var cause: Cause?
    package var export: Export?

    package init(_ kind: Kind) { self.kind = kind }
}
