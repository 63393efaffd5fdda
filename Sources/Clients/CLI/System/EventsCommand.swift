import DockerAPI
import EngineClient
import Essentials

/// `gantry events`
struct EventsCommand: EngineCommand {
    static let configuration = CommandConfiguration(commandName: "events", abstract: "Get real time events from the server")
    static let usageLine = "[OPTIONS]"
    static let operandCount = OperandCount.none

    @Option(name: .shortAndLong, help: "Filter output based on conditions provided") var filter: [String] = []
    @Option(help: "Format output: 'json' or a Go template") var format: String?
    @Option(help: "Show all events created since timestamp") var since: String?
    @Option(help: "Stream events until this timestamp") var until: String?
    var operands: [String] = []

    func run(in session: Session) async throws {
        let template = try parsedTemplate()
        let now = Timestamp.now()
        let events = try await session.client.events(
            since: try since.map { try TimeArgument.parse($0, now: now) },
            until: try until.map { try TimeArgument.parse($0, now: now) },
            filters: try FlagValue.filters(filter))
        for try await event in events {
            if format == "json" {
                session.console.print(Self.json(event))
            } else if let template {
                let (output, error) = template.executePartly(on: Self.record(event))
                session.console.print(output)
                if let error { throw ExitStatus(1, "\(error)") }
            } else {
                session.console.print(EventLine.render(event))
            }
        }
    }

    private func parsedTemplate() throws -> Template? {
        guard let format, !format.isEmpty, format != "json" else { return nil }
        do { return try Template(format) } catch { throw ExitStatus(64, "Error parsing format: \(error)") }
    }

    private static func attributes(_ event: EventMessage) -> Value {
        .object(Value.Members(event.actor.attributes.sorted { $0.key < $1.key }.map { ($0.key, .string($0.value)) }))
    }

    private static func actor(_ event: EventMessage) -> Value {
        .object(Value.Members([("ID", .string(event.actor.id)), ("Attributes", attributes(event))]))
    }

    /// The fields as templates name them.
    static func record(_ event: EventMessage) -> Value {
        .record(
            Value.Record(
                typeName: "*events.Message",
                fields: [
                    "Type": .string(event.type), "Action": .string(event.action), "Actor": actor(event),
                    "Scope": .string(event.scope),
                    "Time": .integer(event.time), "TimeNano": .integer(event.timeNano), "Status": .string(event.status ?? ""),
                    "ID": .string(event.id ?? ""), "From": .string(event.from ?? ""),
                ],
                labels: nil))
    }

    /// One line, members in the daemon's order.
    static func json(_ event: EventMessage) -> String {
        var members: [(String, Value)] = []
        if let status = event.status { members.append(("status", .string(status))) }
        if let id = event.id { members.append(("id", .string(id))) }
        if let from = event.from { members.append(("from", .string(from))) }
        members += [("Type", .string(event.type)), ("Action", .string(event.action)), ("Actor", actor(event))]
        if !event.scope.isEmpty { members.append(("scope", .string(event.scope))) }
        members += [("time", .integer(event.time)), ("timeNano", .integer(event.timeNano))]
        return Value.object(Value.Members(members)).json
    }
}
