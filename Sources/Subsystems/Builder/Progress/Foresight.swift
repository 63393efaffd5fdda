/// What `--what-if` found, in a sentence.
struct Foresight {
    var steps: [BuildSession.Foreseen]
    var total: Int

    var text: String {
        let numbers = Set(steps.map(\.step)).count
        guard numbers > 0 else { return "nothing would be built again\n" }
        let known = steps.compactMap(\.milliseconds)
        let time = known.isEmpty ? "" : ", which took \(Self.seconds(known.reduce(0, +))) s last time"
        return "\(numbers) of \(total) steps would be built again\(time)\n" + advice
    }

    /// What stands after the first step that would be done again is done again only for its sake.
    private var advice: String {
        guard let first = steps.map(\.step).min() else { return "" }
        let later = steps.filter { $0.step > first }.compactMap(\.milliseconds).reduce(0, +)
        guard later >= 100 else { return "" }
        return
            "\(Self.seconds(later)) s of that are steps after step \(first): those that do not need its files would stay cached above it\n"
    }

    private static func seconds(_ milliseconds: Int64) -> String {
        let tenths = (milliseconds + 50) / 100
        return "\(tenths / 10).\(tenths % 10)"
    }
}
