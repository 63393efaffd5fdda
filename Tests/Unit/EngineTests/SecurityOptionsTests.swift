import ContainerRuntime
import Essentials
import Testing

@testable import Engine

@Suite struct SecurityOptionsTests {
    @Test func wordsOfAllForms() throws {
        let options = try SecurityOptions([
            "no-new-privileges", "seccomp=unconfined", "systempaths=unconfined", "writable-cgroups=true",
        ])
        #expect(options.noNewPrivileges && options.opensSystemPaths && options.writableCgroups)
        guard case .unconfined = options.seccomp else { throw GantryError.internal("the filter is still on") }
        #expect(try SecurityOptions(["no-new-privileges:true"]).noNewPrivileges)
        #expect(try !SecurityOptions(["no-new-privileges=true", "no-new-privileges=0"]).noNewPrivileges)
        guard case .profile(let bytes) = try SecurityOptions([#"seccomp={"a":"b=c"}"#]).seccomp else {
            throw GantryError.internal("the profile is lost")
        }
        #expect(String(decoding: bytes, as: UTF8.self) == #"{"a":"b=c"}"#)
    }

    @Test(arguments: [
        ("bogus", "invalid --security-opt 1: \"bogus\""), ("bogus=1", "invalid --security-opt 2: \"bogus=1\""),
        ("no-new-privileges=maybe", "invalid --security-opt 2: \"no-new-privileges=maybe\""),
        ("systempaths=some", "invalid --security-opt 2: \"systempaths=some\""),
    ])
    func refuses(text: String, message: String) {
        let error = #expect(throws: GantryError.self) { _ = try SecurityOptions([text]) }
        #expect(error?.message == message)
    }
}

@Suite struct SandboxCheckTests {
    private func check(_ change: (inout HostSettings) -> Void) throws {
        var settings = ContainerSettings(image: "x")
        change(&settings.host)
        try SandboxCheck.check(settings)
    }

    @Test func tmpfsWords() throws {
        try check { $0.tmpfs = ["/t": "rw,size=1m,mode=700,uid=1,noexec"] }
        for words in ["lowerdir=/etc", "size=", "bogus", "size"] {
            #expect(throws: GantryError.self) { try check { $0.tmpfs = ["/t": words] } }
        }
    }

    @Test func valuesOfTheHostStayAsTheyAre() throws {
        try check { $0.sysctls = ["kernel.msgmax": "1"] }
        for key in ["kernel.msgmax", "fs.mqueue.msg_max"] {
            let error = #expect(throws: GantryError.self) {
                try check {
                    $0.ipcMode = "host"
                    $0.sysctls = [key: "1"]
                }
            }
            #expect(error?.message == "sysctl '\(key)' not allowed in host ipc namespace")
        }
    }

    @Test func namesBelongToTheOwnerOfTheNamespace() throws {
        func message(_ change: (inout ContainerSettings) -> Void) -> String? {
            var settings = ContainerSettings(image: "x")
            settings.host.networkMode = "container:other"
            change(&settings)
            do { try SandboxCheck.check(settings) } catch { return error.message }
            return nil
        }
        #expect(message { _ in } == nil)
        #expect(message { $0.hostname = "h" } == "conflicting options: hostname and the network mode")
        #expect(message { $0.host.dns = ["192.0.2.1"] } == "conflicting options: dns and the network mode")
        #expect(
            message { $0.host.extraHosts = ["a:192.0.2.1"] }
                == "conflicting options: custom host-to-IP mapping and the network mode")
        #expect(
            message { $0.exposedPorts = ["80/tcp"] } == "conflicting options: port exposing and the container type network mode")
        #expect(
            message {
                $0.hostname = "h"
                $0.host.networkMode = ""
                $0.host.utsMode = "host"
            } == "conflicting options: hostname and the UTS mode")
    }

    @Test func outOfMemoryScores() throws {
        for score in [-1000, 0, 1000] { try check { $0.oomScoreAdjustment = score } }
        for score in [-1001, 1001] { #expect(throws: GantryError.self) { try check { $0.oomScoreAdjustment = score } } }
    }
}
