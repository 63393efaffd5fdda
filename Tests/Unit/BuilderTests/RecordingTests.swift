import Builder
import Essentials
import Foundation
import LinuxSystem
import OCI
import Testing

/// Compares configuration and history with what a real builder gave, where its recordings are at hand.
@Suite("Recorded builds", .enabled(if: Recordings.directory != nil && geteuid() == 0, "no recordings at hand, or not root"))
struct RecordingTests {
    @Test("configuration and history are those of the recording", arguments: Recordings.names)
    func compare(name: String) async throws {
        let recording = try Recordings.load(name)
        guard let dockerfile = recording.dockerfile, !Recordings.differing.contains(recording.number) else { return }
        let run = try BuildRun()
        try recording.makeContext(in: run.worker.contextPath)
        try run.addRecordedBases()
        let ignore = (try? FileSystem.readText("\(run.worker.contextPath)/.dockerignore")) ?? ""
        let config: ImageConfig
        do {
            config = try await run.build(dockerfile, ignore: ignore) { recording.apply(to: &$0) }
        } catch {
            #expect(recording.exit != 0, "\(name): \(error)")
            return
        }
        #expect(recording.exit == 0, "\(name) must fail: \(recording.error)")
        guard recording.exit == 0 else { return }
        #expect(Recordings.shape(config.config) == Recordings.shape(recording.config), "\(name)")
        let history = (config.history ?? []).map { "\($0.createdBy ?? "")|\($0.comment ?? "")|\($0.emptyLayer == true)" }
        #expect(history == recording.history, "\(name)")
        if !dockerfile.uppercased().contains("RUN ") { try compareTrees(recording, run, name) }
    }

    private func compareTrees(_ recording: Recordings.Recording, _ run: BuildRun, _ name: String) throws {
        for entry in recording.tree {
            guard let path = entry["path"] as? String, let type = entry["type"] as? String, type != "hardlink" else { continue }
            let status = try run.status(path)
            #expect(
                "0" + String(status.permissions, radix: 8) == entry["mode"] as? String
                    || (entry["mode"] as? String) == String(status.permissions, radix: 8), "\(name) \(path)")
            #expect(Int(status.userID) == entry["uid"] as? Int && Int(status.groupID) == entry["gid"] as? Int, "\(name) \(path)")
            if type == "file", let content = entry["content"] as? String, !content.isEmpty, status.size < 4096 {
                #expect(try run.file(path).hasPrefix(String(content.prefix(100))), "\(name) \(path)")
            }
            if type == "file", let time = entry["mtime"] as? Int {
                #expect(status.modifiedAt / 1_000_000_000 == Int64(time), "\(name) \(path)")
            }
        }
    }
}

enum Recordings {
    struct Recording {
        var number: Int
        var path: String
        var exit: Int
        var error: String
        var dockerfile: String?
        var config: [String: Any]
        var history: [String]
        var tree: [[String: Any]]
        var arguments: String

        func makeContext(in directory: String) throws {
            let process = Process()
            process.executableURL = URL(fileURLWithPath: "/bin/bash")
            process.arguments = ["\(path)/context.sh"]
            process.currentDirectoryURL = URL(fileURLWithPath: directory)
            process.standardError = FileHandle.nullDevice
            try process.run()
            process.waitUntilExit()
        }

        func apply(to options: inout BuildOptions) {
            let words = arguments.split(separator: " ").map(String.init)
            for (flag, value) in zip(words, words.dropFirst()) {
                if flag == "--target" { options.target = value }
                if flag == "--build-arg", let equals = value.firstIndex(of: "=") {
                    options.buildArguments[String(value[..<equals])] = .some(String(value[value.index(after: equals)...]))
                }
                if flag == "--secret" { options.secrets["s"] = Array("data\n".utf8) }
            }
        }
    }

    /// Where today's builders do better than the recorded one, or where a process would have to run:
    /// 4, 6 several sources without a slash, 7 a wildcard without match, 17 an unknown owner, 21 symbolic modes, 26, 27 flags it did
    /// not know, 32-34 downloads, 43 a failing command, 61 a Dockerfile of another name, 15, 22, 41, 63 what a process wrote is copied.
    static let differing: Set<Int> = [4, 6, 7, 17, 21, 26, 27, 32, 33, 34, 43, 61, 15, 22, 41, 63]

    static let directory: String? = {
        let given = ProcessInfo.processInfo.environment["GANTRY_REFERENCE"].map { $0 + "/recordings/dockerfile" }
        let beside =
            URL(fileURLWithPath: #filePath).resolvingSymlinksInPath().path.components(separatedBy: "/Tests/Unit/")[0]
            + "/../shared/reference/recordings/dockerfile"
        return [given, beside].compactMap { $0 }.first { FileManager.default.fileExists(atPath: $0) }
    }()

    static let names: [String] = directory.flatMap { try? FileManager.default.contentsOfDirectory(atPath: $0).sorted() } ?? []

    static func load(_ name: String) throws -> Recording {
        let path = (directory ?? "") + "/" + name
        func json(_ file: String) throws -> [String: Any] {
            try JSONSerialization.jsonObject(with: Data(contentsOf: URL(fileURLWithPath: "\(path)/\(file)"))) as? [String: Any]
                ?? [:]
        }
        let result = try json("buildx.json")
        let history = (result["image_config_history"] as? [[String: Any]] ?? []).map {
            "\($0["created_by"] as? String ?? "")|\($0["comment"] as? String ?? "")|\($0["empty_layer"] as? Bool ?? false)"
        }
        return Recording(
            number: Int(name.prefix(3)) ?? 0, path: path, exit: result["exit"] as? Int ?? 0,
            error: result["error"] as? String ?? "",
            dockerfile: try? FileSystem.readText("\(path)/Dockerfile"), config: result["config"] as? [String: Any] ?? [:],
            history: history,
            tree: result["tree_added_or_changed"] as? [[String: Any]] ?? [],
            arguments: try json("case.json")["args"] as? String ?? "")
    }

    /// The fields that a Dockerfile decides, in one comparable text each; empty values count as missing.
    static func shape(_ config: [String: Any]) -> [String] {
        let keys = [
            "Env", "Cmd", "Entrypoint", "WorkingDir", "User", "Labels", "ExposedPorts", "Volumes", "Healthcheck", "OnBuild",
            "StopSignal", "Shell", "ArgsEscaped",
        ]
        return keys.compactMap { key in
            guard let value = config[key], !(value is NSNull) else { return nil }
            if let text = value as? String, text.isEmpty { return nil }
            if let list = value as? [Any], list.isEmpty { return nil }
            if let object = value as? [String: Any], object.isEmpty { return nil }
            guard let data = try? JSONSerialization.data(withJSONObject: [value], options: [.sortedKeys]) else { return nil }
            return key + " " + String(decoding: data, as: UTF8.self)
        }
    }

    static func shape(_ config: ContainerDefaults?) -> [String] {
        guard let config, let data = try? JSONEncoder().encode(config),
            let object = try? JSONSerialization.jsonObject(with: data) as? [String: Any]
        else { return [] }
        return shape(object)
    }
}

extension BuildRun {
    /// What the recordings' preparations made with the classic builder.
    func addRecordedBases() throws {
        func history(_ lines: [String]) -> [ImageConfig.History] {
            [ImageConfig.History(created: nil, createdBy: nil, comment: "Imported from -")]
                + lines.map { ImageConfig.History(created: nil, createdBy: "/bin/sh -c #(nop) " + $0, emptyLayer: true) }
        }
        var defaults = ContainerDefaults()
        defaults.environment = ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"]
        let isTriggers = FileManager.default.fileExists(atPath: "\(worker.contextPath)/f")
        if isTriggers {
            defaults.command = ["sh"]
            defaults.onBuild = ["COPY f /onb", "RUN echo trig > /trig", "ENV O=1"]
        } else {
            defaults.entrypoint = ["ep"]
            defaults.command = ["cmdbase"]
        }
        let lines =
            isTriggers
            ? [" ONBUILD COPY f /onb", " ONBUILD RUN echo trig > /trig", " ONBUILD ENV O=1"]
            : [" ENTRYPOINT [\"ep\"]", " CMD [\"cmdbase\"]"]
        try worker.addBase(
            "dfbase", config: ImageConfig(platform: .host, config: defaults, history: history(lines)),
            files: ["etc/passwd": "root:x:0:0:root:/root:/bin/sh\n", "etc/group": "root:x:0:\n"])
    }
}
