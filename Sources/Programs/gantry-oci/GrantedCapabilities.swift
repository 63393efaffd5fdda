import ContainerRuntime
import OCI

/// The capabilities of a specification that can be had: the others are left out and told, for the same file is used on hosts that
/// have them. Source: OCI runtime-spec, config, Capabilities.
struct GrantedCapabilities {
    private(set) var sets: RuntimeSpecification.Capabilities?
    private var notes: [String] = []

    init(_ wanted: RuntimeSpecification.Capabilities?, in specification: RuntimeSpecification) {
        guard var sets = wanted else { return }
        var unknown: Set<String> = []
        for set in [\RuntimeSpecification.Capabilities.bounding, \.permitted, \.effective, \.inheritable, \.ambient] {
            unknown.formUnion((sets[keyPath: set] ?? []).filter { !Capability.names.contains($0) })
            sets[keyPath: set] = sets[keyPath: set]?.filter { Capability.names.contains($0) }
        }
        note(unknown, "not known here")
        if !(specification.linux?.namespaces ?? []).contains(where: { $0.type == .user }) {
            let available = Capability.available()
            note(
                Set((sets.bounding ?? []) + (sets.permitted ?? [])).filter { name in
                    (try? Capability.mask([name])).map { $0 & available == 0 } ?? false
                }, "not granted, because this process lacks them")
        }
        let possible = Set(sets.permitted ?? []).intersection(sets.inheritable ?? [])
        note(Set(sets.ambient ?? []).subtracting(possible), "not ambient, because they are not permitted and inheritable as well")
        self.sets = sets
    }

    private mutating func note(_ names: Set<String>, _ reason: String) {
        if !names.isEmpty { notes.append("\(reason): \(names.sorted().joined(separator: ", "))") }
    }

    func tell(_ global: GlobalOptions) {
        for note in notes { global.note(note, level: "warning") }
    }
}
