internal import CLinux
package import LinuxSystem
package import OCI

/// Which ids of the host a user namespace's are.
package struct IDMappings: Sendable, Equatable {
    package var users: [RuntimeSpecification.IDMapping]
    package var groups: [RuntimeSpecification.IDMapping]

    package init(users: [RuntimeSpecification.IDMapping], groups: [RuntimeSpecification.IDMapping]) {
        self.users = users
        self.groups = groups
    }
}

/// User namespaces that are made before a container is, so that its root and its network can be prepared for them.
package enum UserNamespace {
    /// One without a process, and a network namespace that belongs to it: only what belongs to a container's user namespace can it
    /// show in its sysfs and set up itself. They live as long as the descriptors or what is made with them.
    /// - Throws: `invalid` for maps that are wrong. Blocks for a moment.
    package static func make(
        users: [RuntimeSpecification.IDMapping], groups: [RuntimeSpecification.IDMapping]
    ) throws -> (user: OwnedDescriptor, network: OwnedDescriptor) {
        let made = try IDMaps(users: users, groups: groups, field: "the container").namespaces(others: [(CLONE_NEWNET, "net")])
        return (made.user, made.others[0])
    }

    /// Whether an open namespace is the one that this process is in.
    package static func isOwn(_ namespace: OwnedDescriptor) throws -> Bool { try NamespacePlanner.isOwn(namespace, "user") }
}
