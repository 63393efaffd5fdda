import EngineClient
import Essentials

/// The exit status of `run` when the container did not start. Source: docker CLI, `run`, exit status.
enum StartFailure {
    static func status(_ error: GantryError) -> Int32 {
        let text = error.description
        if text.contains("executable file not found") || text.contains("no such file or directory") { return 127 }
        if text.contains("permission denied") || text.contains("is a directory") { return 126 }
        return 125
    }
}
