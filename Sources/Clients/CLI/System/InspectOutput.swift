import Essentials

/// What every `inspect` prints: one JSON array, or a template applied to each object. Objects that do not exist are reported
/// after those that do.
struct InspectOutput {
    /// nil or empty for indented JSON; `json` for one line; else a template.
    var format: String?

    /// - Parameter fetch: the daemon's JSON for a name.
    /// - Throws: ``ExitStatus`` 1 when a name could not be shown, 64 for a template that cannot be parsed.
    func show(_ names: [String], console: Console, fetch: (String) async throws -> [UInt8]) async throws {
        let template = try parsedTemplate()
        var values: [Value] = []
        var errors: [String] = []
        for name in names {
            do { values.append(try Value(json: try await fetch(name))) } catch let error as GantryError {
                errors.append(ErrorText.of(error))
            }
        }
        if let template {
            for value in values {
                let (output, error) = template.executePartly(on: value)
                console.print(output)
                if let error { throw ExitStatus(1, "template parsing error: \(error)") }
            }
        } else {
            console.print(format == "json" ? Value.array(values).json : values.isEmpty ? "[]" : Value.array(values).indentedJSON)
        }
        for error in errors { console.printError(error) }
        if !errors.isEmpty { throw ExitStatus(1) }
    }

    private func parsedTemplate() throws -> Template? {
        guard let format, !format.isEmpty, format != "json" else { return nil }
        do { return try Template(format) } catch { throw ExitStatus(64, "template parsing error: \(error)") }
    }
}

extension Session {
    /// A single object with `--format`: JSON on one line, or a template.
    func showObject(_ value: Value, format: String) throws {
        guard format != "json" else { return console.print(value.json) }
        let template: Template
        do { template = try Template(format) } catch { throw ExitStatus(64, "template parsing error: \(error)") }
        let (output, error) = template.executePartly(on: value)
        console.print(output)
        if let error { throw ExitStatus(1, "\(error)") }
    }

    /// The format of a list: the flag, else the user's setting `key` of the configuration file.
    func listFormat(_ flag: String?, quiet: Bool, key: String) throws -> String? {
        if quiet {
            if flag != nil { console.printError("WARNING: Ignoring custom format, because both --format and --quiet are set.") }
            return nil
        }
        return try flag ?? config()[text: key]
    }
}
