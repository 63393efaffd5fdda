import Dockerfile
import Testing

@Suite("Dockerfile parser")
struct ParserTests {
    private func bodies(_ text: String) throws -> [Instruction.Body] {
        try ParsedDockerfile("FROM scratch\n" + text).stages[0].instructions.map(\.body)
    }

    private func run(_ text: String) throws -> RunArguments {
        guard case .run(let run)? = try bodies(text).first else { throw DockerfileError("no RUN", nil) }
        return run
    }

    private func copy(_ text: String) throws -> CopyArguments {
        switch try bodies(text).first {
        case .copy(let copy)?, .add(let copy)?: return copy
        default: throw DockerfileError("no COPY", nil)
        }
    }

    @Test("joins continued lines, drops comments and blank lines between them")
    func continuation() throws {
        let text = "FROM busybox\nRUN echo a \\\n  # comment\n\n  b > /a\nRUN echo \"a \\\nb\" > /b\n"
        let file = try ParsedDockerfile(text)
        #expect(file.stages[0].instructions.map(\.text) == ["RUN echo a   b > /a", "RUN echo \"a b\" > /b"])
        #expect(file.stages[0].instructions[0].range == SourceRange(2, 5))
        #expect(file.warnings.contains { $0.rule == .noEmptyContinuation })
    }

    @Test("takes the escape directive, also with CRLF and a byte order mark")
    func directives() throws {
        let file = try ParsedDockerfile("\u{FEFF}# escape=`\r\nFROM busybox\r\nRUN echo one `\r\n  && echo C:\\x\r\n")
        #expect(file.stages[0].instructions[0].text == "RUN echo one   && echo C:\\x")
        #expect(throws: DockerfileError("only one escape parser directive can be used", SourceRange(1, 1), showsLine: false)) {
            try ParsedDockerfile("# escape=\\\n# escape=`\nFROM busybox\n")
        }
    }

    @Test("reads stages, names, platforms and global arguments")
    func stages() throws {
        let file = try ParsedDockerfile(
            "ARG V=1\nFROM --platform=$BUILDPLATFORM go:$V AS Build\nFROM scratch\nCOPY --from=build /a /\n")
        #expect(file.globalArguments.count == 1)
        #expect(file.stages.map(\.displayName) == ["build", "stage-1"])
        #expect(file.stages[0].from == FromArguments(platform: "$BUILDPLATFORM", image: "go:$V", name: "Build"))
        #expect(file.stage(named: "BUILD", before: 1)?.index == 0)
    }

    @Test("reads heredocs of RUN and COPY")
    func heredocs() throws {
        let script = try run("RUN <<EOF\necho $X\nEOF\n")
        #expect(script.isScript && script.heredocs[0].content == "echo $X\n")
        let piped = try run("RUN <<'EOF' cat > /b\nraw\nEOF\n")
        #expect(!piped.isScript && !piped.heredocs[0].expands)
        let files = try copy("COPY --chmod=755 <<A <<-B /multi/\none\nA\n\ttwo\n\tB\n")
        #expect(files.heredocs.map(\.name) == ["A", "B"])
        #expect(files.heredocs.map(\.text) == ["one\n", "two\n"])
        #expect(files.sources.isEmpty && files.destination == "/multi/" && files.mode == "755")
        #expect(throws: DockerfileError.self) { try run("RUN <<EOF\nnever closed\n") }
        #expect(try run("RUN echo $((1<<2))").heredocs.isEmpty)
    }

    @Test("keeps shell and exec forms apart")
    func forms() throws {
        #expect(
            try bodies("CMD [\"a\", \"b\\n\\u0041\"]\nCMD [\"a\",]\nENTRYPOINT a b\nSHELL [\"/bin/bash\", \"-c\"]\n") == [
                .cmd(.exec(["a", "b\nA"])), .cmd(.shell("[\"a\",]")), .entrypoint(.shell("a b")), .shell(["/bin/bash", "-c"]),
            ])
    }

    @Test("reads names and values in both forms")
    func pairs() throws {
        #expect(
            try bodies("ENV A=1 B=\"two words\" C=a\\ b\nENV O legacy  form\nLABEL \"x y\"=z\nARG A B=2\n") == [
                .env([KeyValue("A", "1"), KeyValue("B", "\"two words\""), KeyValue("C", "a\\ b")]),
                .env([KeyValue("O", "legacy  form", isLegacyForm: true)]), .label([KeyValue("\"x y\"", "z")]),
                .arg([ArgumentDeclaration("A", nil), ArgumentDeclaration("B", "2")]),
            ])
    }

    @Test("reads mounts")
    func mounts() throws {
        let run = try run(
            "RUN --mount=type=cache,target=/c,id=x,uid=5,mode=0700,sharing=locked --mount=target=/s,rw --network=none true")
        let (cache, bind) = (try #require(run.mounts.first), try #require(run.mounts.last))
        #expect((cache.kind, cache.target, cache.id) == (.cache, "/c", "x"))
        #expect((cache.userID, cache.mode, cache.sharing) == (5, 0o700, "locked"))
        #expect((bind.kind, bind.target, bind.isReadOnly) == (.bind, "/s", false))
        #expect(run.network == "none")
    }

    @Test("reads a mount's variables once they have values")
    func mountVariables() throws {
        let written = try #require(try run("RUN --mount=type=$T,target=$D,uid=$U,ro=$R,sharing=${S} true").mounts.first)
        #expect((written.target, written.userID) == ("$D", nil))
        let values = ["$T": "cache", "$D": "/c", "$U": "7", "$R": "true", "${S}": "locked"]
        let mount = try RunMount(written.text) { text throws(VariableExpander.Failure) in values[text] ?? "" }
        #expect((mount.kind, mount.target, mount.userID) == (.cache, "/c", 7))
        #expect((mount.isReadOnly, mount.sharing) == (true, "locked"))
        #expect(throws: RunMount.ParseError(message: "invalid value for uid: none")) {
            try RunMount(written.text) { text throws(VariableExpander.Failure) in text == "$U" ? "none" : values[text] ?? "" }
        }
    }

    @Test(
        "says what is wrong in the words that users know",
        arguments: [
            ("FROM busybox\n\nRUNN x", "dockerfile parse error on line 3: unknown instruction: RUNN (did you mean RUN?)"),
            ("FROM busybox\nFOO bar", "dockerfile parse error on line 2: unknown instruction: FOO (did you mean FROM?)"),
            ("RUN echo hi", "dockerfile parse error on line 1: no build stage in current context"),
            ("FROM busybox\nENV", "dockerfile parse error on line 2: ENV requires at least one argument"),
            ("FROM busybox\nENV A", "ENV must have two arguments"),
            ("FROM busybox\nENV A=${N:?must be set}", "Syntax error - can't find = in \"be\". Must be of the form: name=value"),
            ("FROM busybox\nHEALTHCHECK FOO", "dockerfile parse error on line 2: Unknown type \"FOO\" in HEALTHCHECK (try CMD)"),
            (
                "FROM busybox\nHEALTHCHECK --interval=1 CMD x",
                "dockerfile parse error on line 2: time: missing unit in duration \"1\""
            ),
            ("FROM busybox\nONBUILD FROM x", "dockerfile parse error on line 2: FROM isn't allowed as an ONBUILD trigger"),
            (
                "FROM busybox\nONBUILD ONBUILD RUN x",
                "dockerfile parse error on line 2: Chaining ONBUILD via `ONBUILD ONBUILD` isn't allowed"
            ),
            ("FROM busybox\nARG", "dockerfile parse error on line 2: ARG requires at least one argument"),
            ("FROM busybox\nSHELL foo", "dockerfile parse error on line 2: SHELL requires the arguments to be in JSON form"),
            ("FROM --foo=bar busybox", "dockerfile parse error on line 1: unknown flag: foo"),
            ("FROM busybox\nCOPY --foo=bar f /f", "dockerfile parse error on line 2: unknown flag: foo (did you mean from?)"),
            ("FROM busybox extra words", "dockerfile parse error on line 1: FROM requires either one or three arguments"),
            ("FROM busybox\nWORKDIR", "dockerfile parse error on line 2: WORKDIR requires exactly one argument"),
            ("FROM busybox\nRUN --mount=type=foo,target=/x true", "unsupported mount type \"foo\""),
            ("# only a comment\n", "file with no instructions"),
        ])
    func errors(text: String, message: String) {
        #expect {
            try ParsedDockerfile(text)
        } throws: { error in
            (error as? DockerfileError)?.message == message
        }
    }

    @Test("shows the lines around a mistake as BuildKit does")
    func excerpt() {
        let text = "FROM busybox\nRUN mkdir /dir && echo x > /file\nCOPY f /dir\nCOPY f /dir/file2\nCOPY d /file\n"
        #expect(
            SourceExcerpt.render(text, name: "Dockerfile", range: SourceRange(5, 5)) == """
                Dockerfile:5
                --------------------
                   3 |     COPY f /dir
                   4 |     COPY f /dir/file2
                   5 | >>> COPY d /file
                   6 |     
                --------------------
                """)
    }

    @Test("never crashes, whatever the bytes are", arguments: 0..<40)
    func randomText(seed: Int) {
        var state = UInt64(seed) &* 0x9E37_79B9_7F4A_7C15 | 1
        func next() -> UInt64 {
            state ^= state << 13
            state ^= state >> 7
            state ^= state << 17
            return state
        }
        let pieces =
            Instruction.keywords + [
                "\n", " ", "\\\n", "<<EOF", "EOF\n", "\"", "'", "$", "${", "}", "--", "=", "[", "]", "\\", "#", "\u{0}", "é",
                "--from=", ":-", "`",
            ]
        for _ in 0..<200 {
            var text = seed % 2 == 0 ? "FROM a\n" : ""
            for _ in 0..<(next() % 40) {
                if next() % 4 == 0 {
                    text += String(decoding: (0..<4).map { _ in UInt8(truncatingIfNeeded: next()) }, as: UTF8.self)
                } else {
                    text += pieces[Int(next() % UInt64(pieces.count))]
                }
            }
            // Either outcome is fine; a file that parses has at least one stage.
            if let file = try? ParsedDockerfile(text) { #expect(!file.stages.isEmpty) }
            _ = try? VariableExpander().words(text) { $0 }
            _ = try? PathPattern(text, doubleStar: true).matches(text)
            _ = try? IgnoreFile(text).ignores("a/b")
        }
    }
}
