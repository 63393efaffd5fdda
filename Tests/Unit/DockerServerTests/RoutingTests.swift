import DockerServer
import Essentials
import Testing

@Suite struct RoutingTests {
    private func match(_ pattern: String, _ path: String) -> [String: String]? {
        RoutePattern(pattern).match(Array(path.split(separator: "/", omittingEmptySubsequences: false).dropFirst()))
    }

    @Test func namesHoldSlashes() {
        #expect(match("/images/{name}/json", "/images/a/b/c:d/json") == ["name": "a/b/c:d"])
        #expect(match("/images/{name}/json", "/images/json") == nil)
        #expect(match("/images/{name}/json", "/images/json/json") == ["name": "json"])
        #expect(match("/containers/{name}", "/containers/json") == ["name": "json"])
        #expect(match("/containers/json", "/containers/json/") == nil)
        #expect(match("/containers/{name}", "/containers/") == nil)
        #expect(match("/", "/") == [:])
    }

    @Test func versions() {
        #expect(APIVersion("1.51") == APIVersion(1, 51))
        #expect(APIVersion("1") == APIVersion(1, 0))
        #expect(APIVersion("1.x") == nil)
        #expect(APIVersion("1.2.3") == nil)
        #expect(APIVersion(1, 9) < APIVersion(1, 24))
        #expect(APIVersion(2, 0) > .newest)
    }

    @Test func percentEncoding() {
        #expect(Percent.decode("a%2Fb+c") == "a/b+c")
        #expect(Percent.decode("a%2fb+c", plusIsSpace: true) == "a/b c")
        #expect(Percent.decode("%") == nil)
        #expect(Percent.decode("%zz") == nil)
    }

    @Test(arguments: [
        ("", false), ("a", false), ("a=", false), ("a=0", false), ("a=False", false), ("a=no", false), ("a=none", false),
        ("a=1", true),
        ("a=True", true), ("a=yes", true),
    ])
    func booleans(text: String, value: Bool) {
        #expect(Query(text).bool("a") == value)
    }

    @Test func numbersAndTimes() throws {
        #expect(try Query("t=5").integer("t") == 5)
        #expect(try Query("t=").integer("t") == nil)
        let error = #expect(throws: GantryError.self) { try Query("t=abc").integer("t") }
        #expect(error?.message == "strconv.Atoi: parsing \"abc\": invalid syntax")
        #expect(error.map { ErrorMapping.status($0) } == 500)
        #expect(try Query("s=1795461078.5").time("s") == Timestamp(nanoseconds: 1_795_461_078_500_000_000))
        #expect(try Query("s=1795461078.000000007").time("s")?.nanoseconds == 1_795_461_078_000_000_007)
        #expect(try Query("s=2026-11-23T19:09:34Z").time("s")?.rfc3339 == "2026-11-23T19:09:34Z")
        #expect(throws: GantryError.self) { try Query("s=foo").time("s") }
        #expect(Query("n=a&n=b&m=c%26d").all("n") == ["a", "b"])
        #expect(Query("m=c%26d")["m"] == "c&d")
        #expect(try Query("filters=%7B%22a%22%3A%5B%22b%22%5D%7D").filters() == ["a": ["b"]])
        #expect(throws: GantryError.self) { try Query("filters={").filters() }
    }

    @Test func extents() {
        func extent(_ text: String) -> JSONText.Extent { JSONText.extent(Array(text.utf8)) }
        #expect(extent("  ") == .empty)
        #expect(extent("{") == .truncated)
        #expect(extent(#"{"a":"}"#) == .truncated)
        #expect(extent(#"{"a":"}\"{"}"#) == .value(end: 12, trailing: false))
        #expect(extent(#"{"a":1} trailing"#) == .value(end: 7, trailing: true))
        #expect(extent("null\n") == .value(end: 4, trailing: false))
        #expect(extent("12 3") == .value(end: 2, trailing: true))
        #expect(extent(#""x" "#) == .value(end: 3, trailing: false))
    }

    @Test func statuses() {
        #expect(ErrorMapping.status(GantryError.invalid("x")) == 400)
        #expect(ErrorMapping.status(GantryError.notFound("x")) == 404)
        #expect(ErrorMapping.status(GantryError(.notModified, "x")) == 304)
        #expect(ErrorMapping.status(GantryError.unavailable("x")) == 503)
        #expect(ErrorMapping.message(GantryError.invalid("outer", cause: GantryError.notFound("inner"))) == "outer: inner")
    }

    @Test func addresses() throws {
        #expect(try ListenAddress(parsing: "unix:///run/x.sock") == .unix(path: "/run/x.sock"))
        #expect(try ListenAddress(parsing: "tcp://127.0.0.1:2375") == .tcp(host: "127.0.0.1", port: 2375))
        #expect(try ListenAddress(parsing: "tcp://0.0.0.0") == .tcp(host: "0.0.0.0", port: 2375))
        #expect(try ListenAddress(parsing: "tcp://[::1]:1234") == .tcp(host: "::1", port: 1234))
        for wrong in ["unix://relative", "http://x", "tcp://x:99999", "tcp://x:y"] {
            #expect(throws: GantryError.self) { try ListenAddress(parsing: wrong) }
        }
    }

    @Test func dates() {
        #expect(HTTPDate.text(Timestamp(seconds: 1_795_460_954)) == "Mon, 23 Nov 2026 19:09:14 GMT")
        #expect(HTTPDate.text(Timestamp(seconds: 0)) == "Thu, 01 Jan 1970 00:00:00 GMT")
    }

    @Test(arguments: [
        (0.5, "Less than a second"), (1, "1 second"), (59, "59 seconds"), (61, "About a minute"), (3599, "59 minutes"),
        (3600, "About an hour"), (7200, "2 hours"), (172_800, "2 days"), (1_209_600, "2 weeks"), (8_000_000, "3 months"),
    ])
    func durations(seconds: Double, text: String) {
        #expect(HumanDuration.text(seconds: seconds) == text)
    }
}
