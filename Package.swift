// swift-tools-version: 6.1
import PackageDescription

// Targets stand in the order of the folders, lowest first: a target may import only what stands above it.
// `LayeringTests` reads this file and fails when an arrow points sideways or up.

let strict: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    // CLinux shows the C library with its GNU extensions; the Glibc module must show the same declarations beside it.
    .unsafeFlags(["-Xcc", "-D_GNU_SOURCE"]),
    // `make check` sets the variable: warnings in our own targets are errors then.
    .unsafeFlags(Context.environment["GANTRY_STRICT"] == nil ? [] : ["-warnings-as-errors"]),
]

let logging: Target.Dependency = .product(name: "Logging", package: "swift-log")
let nio: [Target.Dependency] = [
    .product(name: "NIOCore", package: "swift-nio"),
    .product(name: "NIOPosix", package: "swift-nio"),
]
let nioHTTP: [Target.Dependency] = nio + [.product(name: "NIOHTTP1", package: "swift-nio")]
let crypto: Target.Dependency = .product(name: "Crypto", package: "swift-crypto")
let database: Target.Dependency = .product(name: "GRDB", package: "GRDB.swift")

let package = Package(
    name: "gantry",
    products: [
        .executable(name: "gantry", targets: ["gantry"]),
        .executable(name: "gantryd", targets: ["gantryd"]),
        .executable(name: "gantry-oci", targets: ["gantry-oci"]),
        .executable(name: "gantry-shim", targets: ["gantry-shim"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1", traits: []),
        .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    ],
    targets: [
        // MARK: Base: what Linux has and Swift lacks
        .target(name: "CLinux", path: "Sources/Base/CLinux"),
        .systemLibrary(name: "CCompression", path: "Sources/Base/CCompression", pkgConfig: "libzstd"),
        .systemLibrary(name: "CNftables", path: "Sources/Base/CNftables", pkgConfig: "libnftables"),
        .systemLibrary(name: "CSeccomp", path: "Sources/Base/CSeccomp", pkgConfig: "libseccomp"),
        .target(name: "Essentials", path: "Sources/Base/Essentials", swiftSettings: strict),
        .target(name: "LinuxSystem", dependencies: ["CLinux"], path: "Sources/Base/LinuxSystem", swiftSettings: strict),
        .target(
            name: "Netlink", dependencies: ["CLinux", "LinuxSystem"], path: "Sources/Base/Netlink", exclude: ["README.md"],
            swiftSettings: strict),

        // MARK: Formats: values and parsers, no IO
        .target(name: "OCI", dependencies: ["Essentials"], path: "Sources/Formats/OCI", swiftSettings: strict),
        .target(
            name: "Archive", dependencies: ["CLinux", "Essentials", "LinuxSystem"], path: "Sources/Formats/Archive",
            exclude: ["README.md"], swiftSettings: strict),
        .target(
            name: "Compression", dependencies: ["CCompression", "Essentials"], path: "Sources/Formats/Compression",
            exclude: ["README.md"], swiftSettings: strict),
        .target(
            name: "DockerAPI", dependencies: ["Essentials"], path: "Sources/Formats/DockerAPI", exclude: ["README.md"],
            swiftSettings: strict),
        .target(
            name: "Dockerfile", dependencies: ["Essentials"], path: "Sources/Formats/Dockerfile", exclude: ["README.md"],
            swiftSettings: strict),
        .target(name: "ShimProtocol", path: "Sources/Formats/ShimProtocol", exclude: ["README.md"], swiftSettings: strict),

        // MARK: Subsystems: one job each, strangers to another
        .target(
            name: "ContainerRuntime",
            dependencies: ["CLinux", "CSeccomp", "Essentials", "LinuxSystem", "Netlink", "OCI", "ShimProtocol", logging],
            path: "Sources/Subsystems/ContainerRuntime", exclude: ["README.md"], swiftSettings: strict),
        .target(
            name: "Images",
            dependencies: ["Archive", "Compression", "Essentials", "LinuxSystem", "OCI", crypto, database, logging],
            path: "Sources/Subsystems/Images", exclude: ["README.md"], swiftSettings: strict),
        .target(
            name: "RegistryClient",
            dependencies: [
                "Essentials", "OCI", crypto, logging, .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"), .product(name: "NIOHTTP1", package: "swift-nio"),
            ] + nio,
            path: "Sources/Subsystems/RegistryClient", exclude: ["README.md"], swiftSettings: strict),
        .target(
            name: "Networks",
            dependencies: ["CLinux", "CNftables", "Essentials", "LinuxSystem", "Netlink", database, logging] + nio,
            path: "Sources/Subsystems/Networks", exclude: ["README.md"], swiftSettings: strict),
        .target(
            name: "Volumes", dependencies: ["Essentials", "LinuxSystem", database, logging],
            path: "Sources/Subsystems/Volumes", exclude: ["README.md"], swiftSettings: strict),
        .target(
            name: "BuildGraph", dependencies: ["Essentials", crypto, database],
            path: "Sources/Subsystems/BuildGraph", exclude: ["README.md"], swiftSettings: strict),
        .target(
            name: "Builder",
            dependencies: [
                "Archive", "BuildGraph", "CLinux", "Compression", "Dockerfile", "Essentials", "LinuxSystem", "OCI", crypto, logging,
            ],
            path: "Sources/Subsystems/Builder", exclude: ["README.md"], swiftSettings: strict),

        // MARK: Engine: the one place where they meet
        .target(
            name: "Engine",
            dependencies: [
                "Archive", "Builder", "BuildGraph", "CLinux", "Compression", "ContainerRuntime", "Dockerfile", "Essentials",
                "Images",
                "LinuxSystem", "Networks", "OCI", "RegistryClient", "ShimProtocol", "Volumes", crypto, database, logging,
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
            ] + nioHTTP,
            path: "Sources/Engine", swiftSettings: strict),

        // MARK: Servers: doors into the engine
        .target(
            name: "DockerServer",
            dependencies: [
                "Builder", "CLinux", "DockerAPI", "Dockerfile", "Engine", "Essentials", "OCI", logging,
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
                .product(name: "HummingbirdCore", package: "hummingbird"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ] + nioHTTP,
            path: "Sources/Servers/DockerServer", exclude: ["README.md"], swiftSettings: strict),

        // MARK: Clients: whoever stands outside
        .target(
            name: "EngineClient",
            dependencies: ["DockerAPI", "Essentials", .product(name: "NIOSSL", package: "swift-nio-ssl")] + nio,
            path: "Sources/Clients/EngineClient", exclude: ["README.md"], swiftSettings: strict),
        .target(
            name: "CLI",
            dependencies: [
                "Archive", "CLinux", "DockerAPI", "Dockerfile", "EngineClient", "Essentials", "LinuxSystem", "OCI", crypto,
                .product(name: "CryptoExtras", package: "swift-crypto"),
            ],
            path: "Sources/Clients/CLI", exclude: ["README.md"], swiftSettings: strict),

        // MARK: Programs: main files, nothing else
        // Started for every command: at a fixed address and without a table of its own symbols it is ready in a third of the time.
        .executableTarget(
            name: "gantry", dependencies: ["CLI"], path: "Sources/Programs/gantry", swiftSettings: strict,
            linkerSettings: [
                .unsafeFlags(["-Xlinker", "--no-export-dynamic", "-Xclang-linker", "-no-pie"], .when(configuration: .release))
            ]),
        .executableTarget(
            name: "gantryd",
            dependencies: [
                "CLinux", "DockerServer", "Engine", "Essentials", "LinuxSystem", logging,
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
            ],
            path: "Sources/Programs/gantryd", swiftSettings: strict),
        .executableTarget(
            name: "gantry-oci",
            dependencies: [
                "CLinux", "ContainerRuntime", "Essentials", "LinuxSystem", "OCI", logging,
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            path: "Sources/Programs/gantry-oci", exclude: ["README.md"], swiftSettings: strict),

        // MARK: Shim: Embedded Swift, static, no runtime
        .executableTarget(
            name: "gantry-shim", dependencies: ["CLinux"], path: "Sources/Shim", exclude: ["README.md"],
            swiftSettings: [.enableExperimentalFeature("Embedded"), .unsafeFlags(["-wmo", "-Osize"])],
            linkerSettings: [.unsafeFlags(["-Xclang-linker", "-static"])]),

        // MARK: Tests
        .testTarget(
            name: "EssentialsTests", dependencies: ["Essentials"], path: "Tests/Unit/EssentialsTests", swiftSettings: strict),
        .testTarget(
            name: "LinuxSystemTests", dependencies: ["LinuxSystem", "CLinux"], path: "Tests/Unit/LinuxSystemTests",
            swiftSettings: strict),
        .testTarget(name: "NetlinkTests", dependencies: ["Netlink"], path: "Tests/Unit/NetlinkTests", swiftSettings: strict),
        .testTarget(name: "OCITests", dependencies: ["OCI", "Essentials"], path: "Tests/Unit/OCITests", swiftSettings: strict),
        .testTarget(
            name: "ArchiveTests", dependencies: ["Archive", "Essentials", "LinuxSystem"], path: "Tests/Unit/ArchiveTests",
            swiftSettings: strict),
        .testTarget(
            name: "CompressionTests", dependencies: ["Compression", "Essentials"], path: "Tests/Unit/CompressionTests",
            swiftSettings: strict),
        .testTarget(
            name: "DockerAPITests", dependencies: ["DockerAPI", "Essentials"], path: "Tests/Unit/DockerAPITests",
            swiftSettings: strict),
        .testTarget(
            name: "DockerfileTests", dependencies: ["Dockerfile", "Essentials"], path: "Tests/Unit/DockerfileTests",
            swiftSettings: strict),
        .testTarget(
            name: "ContainerRuntimeTests",
            dependencies: ["ContainerRuntime", "Essentials", "LinuxSystem", "OCI", "ShimProtocol", logging],
            path: "Tests/Unit/ContainerRuntimeTests", swiftSettings: strict),
        .testTarget(
            name: "ImagesTests",
            dependencies: ["Images", "Archive", "Essentials", "LinuxSystem", "OCI", crypto, database, logging],
            path: "Tests/Unit/ImagesTests", swiftSettings: strict),
        .testTarget(
            name: "RegistryClientTests", dependencies: ["RegistryClient", "Essentials", "OCI", crypto, logging] + nioHTTP,
            path: "Tests/Unit/RegistryClientTests", swiftSettings: strict),
        .testTarget(
            name: "NetworksTests", dependencies: ["Networks", "Essentials", "LinuxSystem", "Netlink", database, logging] + nio,
            path: "Tests/Unit/NetworksTests", swiftSettings: strict),
        .testTarget(
            name: "VolumesTests", dependencies: ["Volumes", "Essentials", "LinuxSystem", database, logging],
            path: "Tests/Unit/VolumesTests", swiftSettings: strict),
        .testTarget(
            name: "BuildGraphTests", dependencies: ["BuildGraph", "Essentials", database], path: "Tests/Unit/BuildGraphTests",
            swiftSettings: strict),
        .testTarget(
            name: "BuilderTests",
            dependencies: ["Builder", "BuildGraph", "Dockerfile", "Essentials", "LinuxSystem", "OCI", database],
            path: "Tests/Unit/BuilderTests", swiftSettings: strict),
        .testTarget(
            name: "EngineTests",
            dependencies: ["Archive", "Engine", "Essentials", "Images", "LinuxSystem", "OCI", "RegistryClient", database, logging]
                + nio,
            path: "Tests/Unit/EngineTests", swiftSettings: strict),
        .testTarget(
            name: "DockerServerTests",
            dependencies: [
                "Builder", "CLinux", "DockerServer", "DockerAPI", "Engine", "Essentials", "OCI", logging,
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
            ] + nioHTTP,
            path: "Tests/Unit/DockerServerTests", swiftSettings: strict),
        .testTarget(
            name: "EngineClientTests", dependencies: ["EngineClient", "DockerAPI", "Essentials"] + nio,
            path: "Tests/Unit/EngineClientTests", swiftSettings: strict),
        .testTarget(
            name: "CLITests", dependencies: ["CLI", "Archive", "DockerAPI", "Essentials", "LinuxSystem"],
            path: "Tests/Unit/CLITests", swiftSettings: strict),
        .testTarget(name: "LayeringTests", path: "Tests/Unit/LayeringTests", swiftSettings: strict),
    ]
)

// Only when asked for, by `make fuzz` and `make conformance`: needs the compiler's -sanitize=fuzzer for all that is linked.
if Context.environment["GANTRY_FUZZ"] != nil {
    package.targets.append(
        .executableTarget(
            name: "gantry-fuzz",
            dependencies: ["ContainerRuntime", "Dockerfile", "Essentials", "LinuxSystem", "OCI", "ShimProtocol"],
            path: "Tests/Fuzz", swiftSettings: [.swiftLanguageMode(.v6)], linkerSettings: [.unsafeFlags(["-use-ld=lld"])]))
    package.products.append(.executable(name: "gantry-fuzz", targets: ["gantry-fuzz"]))
}
