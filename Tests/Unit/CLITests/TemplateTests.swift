import Testing

@testable import CLI

@Suite struct TemplateTests {
    private static let json = """
        {"Name":"/c1","Count":3,"Rate":1.5,"Empty":"","None":null,"On":true,"List":["a","b"],"Map":{"z":"1","a":"2"},
        "State":{"Pid":7,"Health":{"Status":"healthy"}},"Nets":{"bridge":{"IP":"172.17.0.2"}}}
        """

    private func run(_ template: String) throws -> String {
        try Template(template).execute(on: Value(json: Array(Self.json.utf8)))
    }

    private static let results: [(String, String)] = [
        ("{{.Name}}", "/c1"),
        ("a{{.Count}}b", "a3b"),
        ("{{.Rate}} {{.On}} {{.None}}", "1.5 true <no value>"),
        ("{{.State.Pid}}", "7"),
        ("{{.State.Health.Status}}", "healthy"),
        ("{{json .State}}", #"{"Pid":7,"Health":{"Status":"healthy"}}"#),
        ("{{.State | json}}", #"{"Pid":7,"Health":{"Status":"healthy"}}"#),
        ("{{join .List \",\"}}", "a,b"),
        ("{{.List}} {{.Map}}", "[a b] map[a:2 z:1]"),
        ("{{upper .Name}} {{title \"ab cd\"}} {{lower \"XY\"}}", "/C1 Ab Cd xy"),
        ("{{split \"a:b\" \":\"}}", "[a b]"),
        ("{{truncate .Name 2}}|{{pad .Name 1 2}}|", "/c| /c1  |"),
        ("{{index .List 1}} {{index .Map \"z\"}} {{index .Map \"no\"}}|", "b 1 |"),
        ("{{len .List}} {{len .Name}}", "2 3"),
        ("{{range .List}}<{{.}}>{{end}}", "<a><b>"),
        ("{{range $k, $v := .Map}}{{$k}}={{$v}};{{end}}", "a=2;z=1;"),
        ("{{range $i, $v := .List}}{{$i}}{{$v}}{{end}}", "0a1b"),
        ("{{range .None}}x{{else}}none{{end}}", "none"),
        ("{{range $k,$v := .Nets}}{{$k}}={{$v.IP}};{{end}}", "bridge=172.17.0.2;"),
        ("{{range .List}}{{if eq . \"b\"}}{{break}}{{end}}{{.}}{{end}}", "a"),
        ("{{if .Empty}}yes{{else if .On}}on{{else}}no{{end}}", "on"),
        ("{{with .State}}{{.Pid}}{{end}}", "7"),
        ("{{with .None}}x{{else}}y{{end}}", "y"),
        ("{{if and .On (gt .Count 2)}}both{{end}}", "both"),
        ("{{or .Empty \"default\"}} {{not .On}}", "default false"),
        ("{{eq .Count 1 3}} {{ne .Name \"x\"}} {{lt 1 2}} {{ge 2 2}} {{le 3 2}}", "true true true true false"),
        ("{{printf \"%s-%d-%5s|%-4s|%05.1f%%\" .Name .Count \"ab\" \"c\" .Rate}}", "/c1-3-   ab|c   |001.5%"),
        ("{{printf \"%q\" .Name}} {{println \"x\"}}", "\"/c1\" x\n"),
        ("{{$x := .Count}}{{$x}}{{$x = 4}}{{$x}}", "34"),
        ("a {{- .Name -}} b", "a/c1b"),
        ("{{/* nothing */}}x", "x"),
        ("{{(index .Nets \"bridge\").IP}}", "172.17.0.2"),
        ("{{`raw\\n`}}{{\"t\\tx\"}}", "raw\\nt\tx"),
    ]

    @Test(arguments: results)
    func executes(_ template: String, _ expected: String) throws {
        #expect(try run(template) == expected)
    }

    @Test(arguments: [
        ("{{", "template: :1: unclosed action"),
        ("{{.Name", "template: :1: unclosed action"),
        ("x\n{{nosuch .}}", "template: :2: function \"nosuch\" not defined"),
        ("{{if .On}}", "template: :1: unexpected EOF"),
        ("{{end}}", "template: :1: unexpected {{end}}"),
        ("{{}}", "template: :1: missing value for command"),
        ("{{$y}}", "template: :1: undefined variable \"$y\""),
        ("{{\"abc}}", "template: :1: unterminated quoted string"),
        ("{{break}}", "template: :1: {{break}} outside {{range}}"),
    ])
    func refusesToParse(_ template: String, _ expected: String) {
        #expect(throws: TemplateError(expected)) { try Template(template) }
    }

    @Test(arguments: [
        ("{{.Nope}}", "template: :1:2: executing \"\" at <.Nope>: map has no entry for key \"Nope\""),
        ("{{.State.Nope}}", "template: :1:8: executing \"\" at <.State.Nope>: map has no entry for key \"Nope\""),
        ("{{.Name.X}}", "template: :1:7: executing \"\" at <.Name.X>: can't evaluate field X in type string"),
        ("{{index .List 9}}", "template: :1:2: executing \"\" at <index>: error calling index: index out of range: 9"),
    ])
    func failsToExecute(_ template: String, _ expected: String) {
        #expect(throws: TemplateError(expected)) { try run(template) }
    }

    @Test func recordsHaveTheirFieldsOnly() throws {
        let row = Value.record(.init(typeName: "*formatter.ContainerContext", fields: ["ID": .string("1")], labels: ["a": "b"]))
        #expect(try Template("{{.ID}} {{.Label \"a\"}}{{.Label \"c\"}}").execute(on: row) == "1 b")
        let wanted = "template: :1:2: executing \"\" at <.Nope>: can't evaluate field Nope in type *formatter.ContainerContext"
        #expect(throws: TemplateError(wanted)) { try Template("{{.Nope}}").execute(on: row) }
    }
}

@Suite struct ValueTests {
    @Test func keepsOrderAndNumbers() throws {
        let text = #"{"b":1,"a":[1.50,-0,1e5,12345678901234567890],"c":{"z":null,"y":"\u00e9\ud83d\ude00\n"}}"#
        let value = try Value(json: Array(text.utf8))
        #expect(value.json == #"{"b":1,"a":[1.50,0,1e5,12345678901234567890],"c":{"z":null,"y":"é😀\n"}}"#)
    }

    @Test func indentsAsInspectDoes() throws {
        let value = try Value(json: Array(#"[{"A":[],"B":{},"C":[1,2]}]"#.utf8))
        let expected = """
            [
                {
                    "A": [],
                    "B": {},
                    "C": [
                        1,
                        2
                    ]
                }
            ]
            """
        #expect(value.indentedJSON == expected)
    }

    @Test(arguments: ["", "{", "[1,]", "{\"a\"}", "tru", "1 2", "\"a", "{\"a\":}"])
    func refusesWhatIsNoJSON(_ text: String) {
        #expect(throws: (any Error).self) { try Value(json: Array(text.utf8)) }
    }

    @Test func deepNestingIsRefused() {
        #expect(throws: (any Error).self) { try Value(json: [UInt8](repeating: UInt8(ascii: "["), count: 100_000)) }
    }
}
