import EngineClient
import Essentials

/// How an error reads for people: the message, its causes, and what can be done.
enum ErrorText {
    static func of(_ error: GantryError) -> String {
        // The daemon's words stand as they are: scripts match on them.
        var text = error.daemonMessage == nil ? error.description : error.message
        if let hint = error.hint { text += "\n\nhint: \(hint)" }
        return text
    }
}
