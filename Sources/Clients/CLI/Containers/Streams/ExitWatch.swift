import DockerAPI
import EngineClient
import Essentials

/// The end of a container, asked for before it starts.
struct ExitWatch: Sendable {
    private let answer: JSONLines<WaitResponse>

    /// - Parameter condition: `next-exit` or `removed`; the daemon has taken note when this returns.
    static func begin(_ container: String, condition: String, client: EngineClient) async throws -> ExitWatch {
        ExitWatch(answer: try await client.wait(for: container, condition: condition))
    }

    /// The container's exit status.
    func status() async throws -> Int32 {
        for try await response in answer {
            if let error = response.error { throw GantryError(.internal, "Error waiting for container: \(error.message)") }
            return Int32(truncatingIfNeeded: response.statusCode)
        }
        throw GantryError(.unavailable, "the daemon did not tell how the container ended")
    }
}
