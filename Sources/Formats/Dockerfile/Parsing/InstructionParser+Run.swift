extension InstructionParser {
    func run(_ source: Source, _ flags: inout InstructionFlags) throws(DockerfileError) -> RunArguments {
        var result = RunArguments(command: command(source.arguments))
        if source.arguments.isEmpty || result.command == .exec([]) { throw source.error("RUN requires at least one argument") }
        result.heredocs = source.line.heredocs
        for text in flags.all("mount") { result.mounts.append(try mount(text, source)) }
        if let network = try flags.text("network") {
            guard ["default", "none", "host"].contains(network) else { throw source.error("invalid network mode \"\(network)\"") }
            result.network = network
        }
        if let security = try flags.text("security") {
            guard ["sandbox", "insecure"].contains(security) else {
                throw source.error("security mode \"\(security)\" is not valid")
            }
            result.security = security
        }
        result.devices = flags.all("device")
        return result
    }

    private func mount(_ text: String, _ source: Source) throws(DockerfileError) -> RunMount {
        do throws(RunMount.ParseError) { return try RunMount(text) } catch {
            throw source.error(error.message, showsLine: error.showsLine)
        }
    }
}
