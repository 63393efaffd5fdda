internal import DockerAPI
internal import Engine
internal import Essentials
internal import OCI

/// Images in the store. Source: Engine API 1.51, "Image".
struct ImageRoutes {
    let images: any ImageOperations

    var all: [Route] { store + transfers + archives }

    private var store: [Route] {
        [
            Route("GET", "/images/json") { request in
                let query = request.query
                let rows = try await images.list(
                    all: query.bool("all"), filters: try query.filters(), sharedSize: query.bool("shared-size"))
                return .json(rows.map { ImageSummary($0, version: request.version) })
            },
            Route("GET", "/images/{name}/json") { request in
                .json(ImageInspect(try await images.details(request.name()), version: request.version))
            },
            Route("GET", "/images/{name}/history") { request in
                .json(try await images.history(request.name()).map(HistoryItem.init))
            },
            Route("POST", "/images/{name}/tag") { request in
                guard let repository = request.query.text("repo") else { throw GantryError.invalid("invalid reference format") }
                let reference = try ImageName.reference(repository, tag: request.query["tag"]).withDefaultTag
                try await images.tag(request.name(), as: reference)
                return .empty(201)
            },
            Route("DELETE", "/images/{name}") { request in
                let query = request.query
                let rows = try await images.remove(request.name(), force: query.bool("force"), prune: !query.bool("noprune"))
                return .json(rows.map(ImageDeleteItem.init))
            },
            Route("POST", "/images/prune") { request in
                let (removed, reclaimed) = try await images.prune(filters: try request.query.filters())
                var report = ImagesPruneReport()
                report.imagesDeleted = removed.map(ImageDeleteItem.init)
                report.spaceReclaimed = reclaimed
                return .json(report)
            },
        ]
    }
}
