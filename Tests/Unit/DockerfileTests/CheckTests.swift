import Dockerfile
import Essentials
import Testing

@Suite("Checks")
struct CheckTests {
    private func rules(_ text: String, ignore: String = "", override: String? = nil) throws -> [String] {
        var checks = try DockerfileChecks(try ParsedDockerfile(text), settings: override)
        checks.ignored = try IgnoreFile(ignore)
        checks.baseVariables = [0: ["PATH", "BASE"]]
        return checks.warnings().map { "\($0.rule.rawValue) \($0.range.first)" }
    }

    /// A Dockerfile that breaks one rule, and one beside it that does not.
    static let cases: [(bad: String, rule: CheckRule, line: Int, good: String)] = [
        ("FROM a AS Build\n", .stageNameCasing, 1, "FROM a AS build\n"),
        ("FROM a as b\n", .fromAsCasing, 1, "from a as b\nrun true\n"),
        ("FROM a\nRUN x \\\n\n  y\n", .noEmptyContinuation, 2, "FROM a\nRUN x \\\n  y\n"),
        ("FROM a\nRUN x\nrun y\n", .consistentInstructionCasing, 3, "from a\nrun x\n"),
        ("FROM a AS b\nFROM c AS b\n", .duplicateStageName, 2, "FROM a AS b\nFROM c AS d\n"),
        ("FROM a AS scratch\n", .reservedStageName, 1, "FROM a AS scratchy\n"),
        ("FROM a\nENTRYPOINT x\n", .jsonArgsRecommended, 2, "FROM a\nSHELL [\"sh\"]\nCMD x\n"),
        ("FROM a\nMAINTAINER x\n", .maintainerDeprecated, 2, "FROM a\nLABEL maintainer=x\n"),
        ("ARG VERSION=1\nFROM a:${VERSON}\n", .undefinedArgInFrom, 2, "ARG V=1\nFROM a:${V}\n"),
        ("FROM a\nWORKDIR x\n", .workdirRelativePath, 2, "FROM a\nWORKDIR /y\nWORKDIR x\n"),
        ("FROM a\nENV A=$BAES\n", .undefinedVar, 2, "FROM a\nARG X\nENV A=$BASE$X${Y:-d}\nRUN echo $SHELLS\n"),
        ("FROM a\nCMD [\"a\"]\nCMD [\"b\"]\n", .multipleInstructionsDisallowed, 2, "FROM a\nCMD [\"a\"]\n"),
        ("FROM a\nENV k v\n", .legacyKeyValueFormat, 2, "FROM a\nENV k=v\n"),
        ("FROM --platform=$TARGETPLATFORM a\n", .redundantTargetPlatform, 1, "FROM --platform=$BUILDPLATFORM a\n"),
        ("FROM a\nARG GITHUB_TOKEN\n", .secretsUsedInArgOrEnv, 2, "FROM a\nARG PUBLIC_KEY\nARG TOKENIZER\n"),
        ("ARG TAG\nFROM a:$TAG\n", .invalidDefaultArgInFrom, 2, "ARG TAG=1\nFROM a:$TAG\n"),
        ("FROM --platform=linux/amd64 a\n", .fromPlatformFlagConstDisallowed, 1, "FROM --platform=linux/amd64 a AS amd64\n"),
        ("FROM a\nCOPY left /x\n", .copyIgnoredFile, 2, "FROM a\nCOPY right /x\nCOPY --from=b left /x\n"),
        ("FROM a\nEXPOSE 80/TCP\n", .exposeProtoCasing, 2, "FROM a\nEXPOSE 80/tcp\n"),
        ("FROM a\nEXPOSE 127.0.0.1:80:80\n", .exposeInvalidFormat, 2, "FROM a\nEXPOSE 80\n"),
    ]

    @Test("each rule fires at its line, and not beside it", arguments: cases.indices)
    func rule(index: Int) throws {
        let (bad, rule, line, good) = Self.cases[index]
        #expect(try rules(bad, ignore: "left\n").contains("\(rule.rawValue) \(line)"), "\(bad)")
        #expect(try !rules(good, ignore: "left\n").contains { $0.hasPrefix("\(rule.rawValue) ") }, "\(good)")
    }

    @Test("every rule but those that need an image has a case; addresses are those of the documentation")
    func complete() {
        let seen = Set(Self.cases.map(\.rule))
        #expect(Set(CheckRule.allCases).subtracting(seen) == [.invalidBaseImagePlatform, .invalidDefinitionDescription])
        #expect(CheckRule.jsonArgsRecommended.url == "https://docs.docker.com/go/dockerfile/rule/json-args-recommended/")
        #expect(CheckRule.fromAsCasing.url.hasSuffix("/from-as-casing/"))
        #expect(CheckRule.secretsUsedInArgOrEnv.url.hasSuffix("/secrets-used-in-arg-or-env/"))
    }

    @Test("the directive skips, and the build argument wins over it")
    func settings() throws {
        #expect(try rules("# check=skip=MaintainerDeprecated\nFROM a\nMAINTAINER x\n") == [])
        #expect(try rules("# check=skip=all\nFROM a\nMAINTAINER x\n") == [])
        #expect(try rules("# check=skip=all\nFROM a\nMAINTAINER x\n", override: "") == ["MaintainerDeprecated 3"])
        #expect(try CheckSettings("skip=A,B;error=true").failsBuild)
        #expect(throws: CheckSettings.ParseError.self) { try CheckSettings("error=perhaps") }
        #expect(throws: CheckSettings.ParseError.self) { try CheckSettings("loud=true") }
    }

    @Test("descriptions are checked only when asked for")
    func descriptions() throws {
        let text = "# something else\nFROM a AS b\n"
        #expect(try rules(text) == [])
        #expect(try rules("# check=experimental=InvalidDefinitionDescription\n\n" + text) == ["InvalidDefinitionDescription 4"])
        #expect(try rules("# check=experimental=all\n\n# b compiles\nFROM a AS b\n") == [])
    }

    @Test("variables of an unknown base are not judged; stages hand theirs on")
    func inheritance() throws {
        #expect(try rules("FROM a AS one\nARG X\nFROM one\nLABEL l=$X\nFROM unknown\nLABEL l=$Y\n") == [])
        #expect(try rules("FROM scratch\nLABEL l=$Y\n") == ["UndefinedVar 2"])
    }
}

@Suite("Addresses of git repositories")
struct GitSourceTests {
    @Test("forms")
    func forms() throws {
        let plain = try #require(try GitSource("https://host/x.git#v1:sub/dir"))
        #expect(plain.address == "https://host/x.git" && plain.reference == "v1" && plain.subdirectory == "sub/dir")
        #expect(try GitSource("git@host:a/b#main")?.reference == "main")
        #expect(try GitSource("github.com/a/b.git")?.address == "https://github.com/a/b.git")
        let query = try #require(try GitSource("https://h/x.git?ref=v2&subdir=s&checksum=abc123&submodules=false&keep-git-dir=1"))
        #expect(query.reference == "v2" && query.subdirectory == "s" && query.checksum == "abc123")
        #expect(!query.fetchesSubmodules && query.keepsGitDirectory == true)
        #expect(try GitSource("https://host/archive.tar.gz") == nil && GitSource("./local.git") == nil && GitSource("a@b") == nil)
        #expect(try GitSource("https://user:pw@host/x.git")?.publicAddress == "https://host/x.git")
    }

    @Test(
        "what must not reach git",
        arguments: [
            "https://h/x.git#--upload-pack=x", "https://h/x.git#a..b", "https://h/x.git#main:../..", "https://h/x.git#a b",
            "https://h/x.git?checksum=zz", "https://h/x.git?config=evil", "ssh://h/x y.git", "https://h/x.git#main:/../../etc",
        ])
    func refused(text: String) {
        do {
            let source = try GitSource(text)
            // An absolute subdirectory is cleaned to one inside.
            #expect(source?.subdirectory == "etc", "\(text)")
        } catch { #expect(error.kind == .invalid) }
    }
}
