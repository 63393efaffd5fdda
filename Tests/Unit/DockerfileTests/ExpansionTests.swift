import Dockerfile
import Testing

@Suite("Variable expansion")
struct ExpansionTests {
    private static let variables = [
        "A": "hello", "E": "", "S": "foo.tar.gz", "P": "/a/b/c", "W": "two words", "X": "axbxc",
    ]

    private func expand(_ text: String) throws -> String { try VariableExpander().word(text) { Self.variables[$0] } }

    @Test(
        "table of all forms",
        arguments: [
            ("$A", "hello"), ("${A}x", "hellox"), ("$NOPE", ""), ("a$A$A", "ahellohello"), ("$A-$E-", "hello--"),
            ("${NOPE:-def}", "def"), ("${E:-def}", "def"), ("${E-def}", ""), ("${NOPE-def}", "def"), ("${A:-def}", "hello"),
            ("${A:+alt}", "alt"), ("${E:+alt}", ""), ("${E+alt}", "alt"), ("${NOPE+alt}", ""), ("${A:?msg}", "hello"),
            ("${E?msg}", ""),
            ("${S%.*}", "foo.tar"), ("${S%%.*}", "foo"), ("${S#*.}", "tar.gz"), ("${S##*.}", "gz"), ("${P##*/}", "c"),
            ("${S/tar/zip}", "foo.zip.gz"), ("${S//./-}", "foo-tar-gz"), ("${X//x?/-}", "a--"), ("${S/\\./_}", "foo_tar.gz"),
            ("${S/tar}", "foo..gz"), ("${NOPE:-${A:+$S}}", "foo.tar.gz"), ("${NOPE:-\"a b\"}", "a b"),
            ("\\$A", "$A"), ("'$A'", "$A"), ("\"$A b\"", "hello b"), ("esc\\ aped", "esc aped"), ("\"q\\\"uote\"", "q\"uote"),
            ("\"a\\nb\"", "a\\nb"), ("$", "$"), ("a$ b", "a$ b"), ("$1", ""), ("\"\"", ""), ("${W}", "two words"),
        ])
    func table(text: String, result: String) throws { #expect(try expand(text) == result) }

    @Test(
        "table of mistakes",
        arguments: [
            ("${NOPE:?must be set}", "failed to process \"${NOPE:?must be set}\": NOPE: must be set"),
            ("${NOPE?}", "failed to process \"${NOPE?}\": NOPE: is not allowed to be unset"),
            ("${B", "failed to process \"${B\": syntax error: missing '}'"),
            ("${}", "failed to process \"${}\": syntax error: bad substitution"),
            ("c\"d", "failed to process \"c\\\"d\": unexpected end of statement while looking for matching double-quote"),
            ("${A^x}", "failed to process \"${A^x}\": unsupported modifier (^) in substitution"),
        ])
    func mistakes(text: String, message: String) {
        #expect(throws: VariableExpander.Failure.self) { try expand(text) }
        do { _ = try expand(text) } catch { #expect((error as? VariableExpander.Failure)?.message == message) }
    }

    @Test("words come apart at blanks out of variables, but not inside quotes")
    func words() throws {
        let expander = VariableExpander()
        #expect(try expander.words("$W \"$W\" 80") { Self.variables[$0] } == ["two", "words", "two words", "80"])
        #expect(try expander.words("$E") { Self.variables[$0] } == [])
        #expect(try expander.words("''") { Self.variables[$0] } == [""])
    }

    @Test("documents keep their quotes")
    func document() throws {
        let text = try VariableExpander().document("say \"$A\" '${A}' \\$A \\n\n") { Self.variables[$0] }
        #expect(text == "say \"hello\" 'hello' $A \\n\n")
    }

    @Test(
        "durations read and print as Go's",
        arguments: [("1m30s", "1m30s"), ("90s", "1m30s"), ("1.5h", "1h30m0s"), ("500ms", "500ms"), ("0", "0s"), ("1m", "1m0s")])
    func durations(text: String, printed: String) throws {
        #expect(DurationText.render(try DurationText.parse(text)) == printed)
    }
}
