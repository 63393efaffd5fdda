package import Essentials
internal import GRDB
internal import OCI

/// Removing by name takes the name away and the image with its last name; removing by id takes all names of one repository.
/// Source: Engine API, ImageDelete, and recordings of Docker 26 for everything that it does not say.
extension ImageStore {
    /// - Parameter prune: also removes parents that have no name and no other child.
    /// - Throws: `notFound`; `conflict` when the image is used, with Docker's words.
    package func remove(_ name: String, force: Bool, prune: Bool, usage: ImageUsage) throws -> [ImageRemoval] {
        let image = try image(name)
        var removal = Removal(store: self, usage: usage)
        let bare = name.hasPrefix("sha256:") ? String(name.dropFirst(7)) : name
        if image.id.hex.hasPrefix(bare) {
            if Self.isSingle(image) {
                // The names do not count against the removal: they go with it.
                if let conflict = try removal.conflict(image, force: force, ignoringNames: true) { throw conflict.error(image) }
                try removal.untagAll(image)
            }
            try removal.delete(image.id, force: force, prune: prune, quiet: false)
            try removal.deleteUnlisted()
            return removal.done
        }
        if !force, Self.isSingle(image), let user = usage.containers[image.id]?.first {
            throw GantryError.conflict(
                "conflict: unable to remove repository reference \"\(name)\" (must force) - container \(Identifier.short(user.id)) "
                    + "is using its referenced image \(image.id.short)")
        }
        let reference = try Reference(name).withDefaultTag
        try removal.untag(Self.storedName(reference, of: image))
        try removal.untagDigests(of: reference, image.id)
        if let left = try self.image(id: image.id), left.references.isEmpty, left.repoDigests.isEmpty {
            try removal.delete(image.id, force: force, prune: prune, quiet: true)
        }
        try removal.deleteUnlisted()
        return removal.done
    }

    /// One tag at most, and all names in one repository.
    private static func isSingle(_ image: Image) -> Bool {
        image.references.count <= 1 && Set((image.references + image.repoDigests).map(\.repository)).count <= 1
    }

    private static func storedName(_ reference: Reference, of image: Image) -> Reference {
        var name = reference
        if name.digest != nil { name.tag = nil }
        return (image.references + image.repoDigests).contains(name) ? name : reference
    }

    /// Which images without use go.
    package struct PruneFilter: Sendable {
        /// Only images made before.
        package var until: Timestamp?
        /// Labels that an image must have, `key` or `key=value`.
        package var labels: [String] = []
        /// Labels that an image must not have.
        package var withoutLabels: [String] = []

        package init() {}

        func matches(_ image: Image) -> Bool {
            if let until, (image.createdAt ?? image.addedAt) >= until { return false }
            let labels = image.config.config?.labels ?? [:]
            func has(_ label: String) -> Bool {
                let parts = label.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
                guard let value = labels[String(parts[0])] else { return false }
                return parts.count == 1 || parts[1] == value
            }
            return self.labels.allSatisfy(has) && !withoutLabels.contains(where: has)
        }
    }

    /// Removes images that no container uses: those without a name, with `all` also those with one.
    /// - Returns: what went, and the bytes of the layers that went with it.
    package func prune(all: Bool, usage: ImageUsage, filter: PruneFilter) throws -> (removed: [ImageRemoval], reclaimed: Int64) {
        var removal = Removal(store: self, usage: usage)
        for candidate in try list() {
            // An earlier step may have removed or renamed it.
            guard let image = try image(id: candidate.id), usage.containers[image.id]?.isEmpty ?? true, filter.matches(image),
                try !hasChildren(image.id), all || image.references.isEmpty
            else { continue }
            if image.references.isEmpty, try listedImages()[image.id] != nil { continue }
            try removal.untagAll(image)
            try removal.delete(image.id, force: false, prune: true, quiet: true)
            try removal.deleteUnlisted()
        }
        // Layers that stayed because something was unfinished when their image went.
        for layer in try collect() { removal.reclaimed += layer.size }
        return (removal.done, removal.reclaimed)
    }

    func hasChildren(_ id: Digest) throws -> Bool {
        try database.read { db in
            try Bool.fetchOne(db, sql: "SELECT EXISTS (SELECT 1 FROM images WHERE parent = ?)", arguments: [id.description])
                ?? false
        }
    }
}

/// One removal: what was done so far, and the steps.
struct Removal {
    let store: ImageStore
    let usage: ImageUsage
    private(set) var done: [ImageRemoval] = []
    /// Bytes of layers removed.
    var reclaimed: Int64 = 0
    /// Images of lists whose names went.
    private var unlisted: [Digest] = []

    init(store: ImageStore, usage: ImageUsage) {
        self.store = store
        self.usage = usage
    }

    struct Conflict {
        let isHard: Bool
        let isUse: Bool
        let reason: String

        func error(_ image: Image) -> GantryError {
            .conflict(
                "conflict: unable to delete \(image.id.short) (\(isHard ? "cannot be forced" : "must be forced")) - \(reason)")
        }
    }

    /// What stands against deleting the image; `force` overrides some of it.
    func conflict(_ image: Image, force: Bool, ignoringNames: Bool = false) throws -> Conflict? {
        if try store.hasChildren(image.id) {
            return Conflict(isHard: true, isUse: false, reason: "image has dependent child images")
        }
        let users = usage.containers[image.id] ?? []
        if let running = users.first(where: \.isRunning) {
            return Conflict(
                isHard: true, isUse: true, reason: "image is being used by running container \(Identifier.short(running.id))")
        }
        if force { return nil }
        if image.references.isEmpty, let name = try store.listedImages()[image.id] {
            return Conflict(isHard: false, isUse: false, reason: "image is one of the platforms of \(name.familiar)")
        }
        if !ignoringNames, !image.references.isEmpty || !image.repoDigests.isEmpty {
            return Conflict(isHard: false, isUse: false, reason: "image is referenced in multiple repositories")
        }
        if let stopped = users.first {
            return Conflict(
                isHard: false, isUse: true, reason: "image is being used by stopped container \(Identifier.short(stopped.id))")
        }
        return nil
    }

    /// Removes the other images of lists whose last name went.
    mutating func deleteUnlisted() throws {
        let listed = try store.listedImages()
        for id in unlisted where listed[id] == nil {
            guard let image = try store.image(id: id), image.references.isEmpty, image.repoDigests.isEmpty else { continue }
            try delete(id, force: false, prune: true, quiet: true)
        }
        unlisted = []
    }

    mutating func untag(_ name: Reference) throws {
        if let list = try store.list(named: name) { unlisted += list.members.map(\.image).filter { $0 != list.main } }
        try store.untag(name)
        done.append(.untagged(name.familiar))
    }

    mutating func untagAll(_ image: Image) throws {
        for name in image.references + image.repoDigests { try untag(name) }
    }

    /// With the last tag of a repository its digests go too.
    mutating func untagDigests(of reference: Reference, _ id: Digest) throws {
        guard reference.digest == nil, let image = try store.image(id: id),
            !image.references.contains(where: { $0.repository == reference.repository })
        else { return }
        for name in image.repoDigests where name.repository == reference.repository { try untag(name) }
    }

    /// - Parameter quiet: a conflict is no error when the image is used or has children: only the name goes then.
    mutating func delete(_ id: Digest, force: Bool, prune: Bool, quiet: Bool) throws {
        guard let image = try store.image(id: id) else { return }
        if let conflict = try conflict(image, force: force) {
            let isDangling = try image.references.isEmpty && image.repoDigests.isEmpty && !store.hasChildren(id)
            if quiet, !isDangling || conflict.isUse { return }
            throw conflict.error(image)
        }
        try untagAll(image)
        try store.database.write { try $0.execute(sql: "DELETE FROM images WHERE id = ?", arguments: [id.description]) }
        done.append(.deleted(id))
        for layer in try store.collect() {
            reclaimed += layer.size
            if image.layers.contains(where: { $0.chainID == layer.chainID }) { done.append(.deleted(layer.chainID)) }
        }
        if prune, let parent = image.parent { try delete(parent, force: false, prune: true, quiet: true) }
    }
}
