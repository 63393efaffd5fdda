/// Makes up names of the form `adjective_surname` for containers that were given none.
enum NameGenerator {
    private static let adjectives = [
        "able", "amber", "bold", "brave", "bright", "brisk", "calm", "clever", "cosy", "crisp", "daring", "eager", "easy", "fair",
        "fancy", "fleet", "fond", "frank", "free", "fresh", "gentle", "glad", "golden", "grand", "happy", "hardy", "honest",
        "jolly",
        "keen", "kind", "lively", "loyal", "lucid", "lucky", "mellow", "merry", "mild", "modest", "neat", "nimble", "noble",
        "patient",
        "plucky", "polite", "proud", "quick", "quiet", "ready", "rosy", "sharp", "silent", "silver", "sleek", "smart", "snug",
        "solid",
        "sound", "steady", "stoic", "sunny", "swift", "tidy", "trusty", "upbeat", "vivid", "warm", "wise", "witty", "young",
        "zesty",
    ]
    private static let surnames = [
        "allen", "babbage", "bartik", "bell", "bohr", "boole", "borg", "brunel", "carson", "cerf", "church", "clarke", "cray",
        "curie",
        "darwin", "dijkstra", "eckert", "edison", "einstein", "euclid", "euler", "faraday", "fermat", "fermi", "franklin",
        "galileo",
        "gauss", "germain", "godel", "goodall", "hamilton", "hawking", "hertz", "hopper", "hoare", "jackson", "jemison", "kepler",
        "kilby", "knuth", "lamarr", "lamport", "liskov", "lovelace", "maxwell", "mayer", "meitner", "mendel", "moore", "napier",
        "neumann", "newton", "noether", "ohm", "pascal", "pasteur", "perlman", "planck", "ritchie", "rubin", "sagan", "shannon",
        "sinoussi", "stallings", "stevin", "tesla", "thompson", "torvalds", "turing", "volta", "watt", "wiles", "wilson", "wright",
    ]

    /// A name that `isTaken` does not know; after many tries with a number at its end.
    static func make(isTaken: (String) -> Bool) -> String {
        var attempt = 0
        while true {
            var name = "\(adjectives.randomElement() ?? "able")_\(surnames.randomElement() ?? "turing")"
            if attempt > 5 { name += String(Int.random(in: 0...attempt)) }
            if !isTaken(name) { return name }
            attempt += 1
        }
    }
}
