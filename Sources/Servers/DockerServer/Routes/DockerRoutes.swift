package import Engine

/// All endpoints, in the order in which they are tried.
package enum DockerRoutes {
    package static func all(engine: any EngineOperations, identity: ServerIdentity) -> [Route] {
        SystemRoutes(system: engine.system, identity: identity).all
            + ExecRoutes(containers: engine.containers).all
            + NotOfferedRoutes().all
            + CheckpointRoutes(containers: engine.containers).all
            + ContainerRoutes(containers: engine.containers).all
            + ImageRoutes(images: engine.images).all
            + DistributionRoutes(images: engine.images).all
            + NetworkRoutes(networks: engine.networks).all
            + VolumeRoutes(volumes: engine.volumes).all
            + BuildRoutes(builds: engine.builds).all
    }
}
