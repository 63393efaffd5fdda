import ContainerRuntime

extension HostSettings {
    /// Files of the kernel that the container does not see, and those that it cannot change; nil when it is privileged and nothing was
    /// asked for. Source: Engine API 1.51, HostConfig, MaskedPaths and ReadonlyPaths.
    package var kernelPaths: (masked: [String]?, readOnly: [String]?) {
        if privileged { return (maskedPaths, readOnlyPaths) }
        if securityOptions.contains(where: { ["systempaths=unconfined", "systempaths:unconfined"].contains($0) }) {
            return ([], [])
        }
        return (maskedPaths ?? DefaultSpecification.defaultMaskedPaths(), readOnlyPaths ?? DefaultSpecification.readOnlyPaths)
    }
}
