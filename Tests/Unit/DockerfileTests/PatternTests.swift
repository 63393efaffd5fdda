import Dockerfile
import Testing

@Suite("Patterns and ignore files")
struct PatternTests {
    @Test(
        "filepath.Match",
        arguments: [
            ("*.txt", "a.txt", true), ("*.txt", "d/a.txt", false), ("d*", "d1", true), ("?.md", "c.md", true),
            ("[ab].txt", "b.txt", true),
            ("[^ab].txt", "b.txt", false), ("[a-c]", "b", true), ("q[[]1].txt", "q[1].txt", true), ("\\*", "*", true),
            ("\\*", "a", false),
            ("a*b*c", "aXbYc", true), ("a*b*c", "aXbY", false), ("*", "", true), ("a/*/c", "a/b/c", true),
            ("*a*a*a*a*b", String(repeating: "a", count: 60), false),
        ])
    func match(pattern: String, path: String, matches: Bool) throws { #expect(try PathPattern(pattern).matches(path) == matches) }

    @Test("patterns that are none", arguments: ["[", "[a", "[]a]", "a\\", "[a-]"])
    func bad(pattern: String) { #expect(throws: PathPattern.SyntaxError.self) { try PathPattern(pattern) } }

    @Test(
        "two stars",
        arguments: [
            ("**/x", "x", true), ("**/x", "a/b/x", true), ("**/x", "ax", false), ("a/**", "a/b/c", true), ("a/**", "a", false),
            ("**", "a/b", true),
            ("a/**/b", "a/b", true), ("a/**/b", "a/x/y/b", true), ("a/**/*.log", "a/b/c.log", true),
            ("a/**/*.log", "b/c.log", false),
        ])
    func doubleStar(pattern: String, path: String, matches: Bool) throws {
        #expect(try PathPattern(pattern, doubleStar: true).matches(path) == matches)
    }

    private static let example =
        "# comment\n*.log\n**/c\n!a/b/c/3.log\nnode_modules\n/keep/\n.env\nsrc/*_test.go\n\\#hash\n*.md\n!README.md\nDockerfile\n"

    @Test(
        "ignore rules",
        arguments: [
            ("root.log", true), ("a/1.log", false), ("a/b/c", true), ("a/b/c/3.log", false), ("a/b/c/4.log", true),
            ("node_modules/x/y", true),
            ("a/node_modules", false), ("keep/z", true), (".env", true), ("src/main.go", false), ("src/main_test.go", true),
            ("#hash", true),
            ("README.md", false), ("CHANGES.md", true), ("Dockerfile", true),
        ])
    func ignores(path: String, ignored: Bool) throws { #expect(try IgnoreFile(Self.example).ignores(path) == ignored) }

    @Test("directories are walked only where an exception may match")
    func mayInclude() throws {
        let rules = try IgnoreFile("*\n!a/b\n!**/deep.txt\n")
        #expect(rules.mayInclude(below: "a"))
        let plain = try IgnoreFile("*\n!a/b\n")
        #expect(plain.mayInclude(below: "a") && !plain.mayInclude(below: "node_modules"))
        #expect(plain.ignores("a/x") && !plain.ignores("a/b/z"))
    }

    @Test("lines that are no patterns")
    func badLines() throws {
        #expect(throws: IgnoreFile.PatternError.self) { try IgnoreFile("!\n") }
        do { _ = try IgnoreFile("[\n") } catch { #expect("\(error)" == "invalid excludepatterns: [[]: syntax error in pattern") }
        #expect(try IgnoreFile(".\n\n  \n#x\n").isEmpty)
    }

    @Test(
        "paths are cleaned as text",
        arguments: [("a//b/./c/..", "a/b"), ("../../a", "../../a"), ("/../a/", "/a"), ("", "."), ("./", ".")])
    func clean(path: String, cleaned: String) { #expect(CleanPath.clean(path) == cleaned) }
}
