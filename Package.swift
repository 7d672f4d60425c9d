// swift-tools-version: 6.2
import PackageDescription

/// `make check` and CI set `WARNINGS=error`. An ordinary build does not, so that a newer compiler's new warning breaks nobody's build.
let warnings: [SwiftSetting] = Context.environment["WARNINGS"] == "error" ? [.treatAllWarnings(as: .error)] : []

/// `make fuzz` sets `FUZZ=1`: our targets are built with libFuzzer's instrumentation, and there is a program that runs it.
let isFuzzing = Context.environment["FUZZ"] == "1"
let instrumentation: [SwiftSetting] = isFuzzing ? [.unsafeFlags(["-sanitize=fuzzer,address", "-assert-config", "Debug"])] : []

let strict: [SwiftSetting] =
  [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
  ] + warnings + instrumentation

extension Target.Dependency {
  static let collections: Self = .product(name: "Collections", package: "swift-collections")
  static let nioCore: Self = .product(name: "NIOCore", package: "swift-nio")
  static let nioPosix: Self = .product(name: "NIOPosix", package: "swift-nio")
  static let nioEmbedded: Self = .product(name: "NIOEmbedded", package: "swift-nio")
  static let nioHTTP1: Self = .product(name: "NIOHTTP1", package: "swift-nio")
  static let nioTLS: Self = .product(name: "NIOTLS", package: "swift-nio")
  static let logging: Self = .product(name: "Logging", package: "swift-log")
  static let lifecycle: Self = .product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
  static let protobuf: Self = .product(name: "SwiftProtobuf", package: "swift-protobuf")
}

/// A library target of ours: the strict settings, and nothing that a reader has to look up.
func library(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
  .target(name: name, dependencies: dependencies, swiftSettings: strict)
}

func tests(_ name: String, _ dependencies: [Target.Dependency], exclude: [String] = []) -> Target {
  .testTarget(name: name, dependencies: dependencies, exclude: exclude, swiftSettings: strict)
}

let package = Package(
  name: "thaiyyal-live",
  products: [.executable(name: "thaiyyal", targets: ["thaiyyal"])],
  dependencies: [
    .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
    .package(url: "https://github.com/apple/swift-nio-extras", from: "1.35.2"),
    .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
    .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-configuration", from: "1.4.0", traits: ["JSON", "CommandLineArguments"]),
    .package(url: "https://github.com/apple/swift-protobuf", from: "1.39.0"),
    .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1"),
    .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
  ],
  targets: [
    // Ring 0: decides. No input or output, no clock, no randomness, no lock.
    .systemLibrary(name: "COpenSSL", pkgConfig: "openssl", providers: [.apt(["libssl-dev"])]),
    .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
    library("CRDT"),
    library("Hashing", ["COpenSSL"]),
    library("WorkflowGraph", [.collections, "Hashing"]),
    library("WorkflowDocument", [.collections, "CRDT", "Hashing", "WorkflowGraph"]),
    library("CollabProtocol", ["CRDT", "WorkflowGraph", "WorkflowDocument", .nioCore]),
    library("RateLimits", ["OutboundPolicy"]),
    library("Access", ["CollabProtocol", "Hashing", "WorkflowDocument", "WorkflowGraph"]),
    library("RoomCore", ["Access", .collections, "CRDT", "WorkflowGraph", "WorkflowDocument", "CollabProtocol", "RateLimits"]),
    library("WorkflowEngine", [.collections, "WorkflowGraph"]),
    library("Webhooks", ["CollabProtocol", "CRDT", "Hashing", "OutboundPolicy", "WorkflowDocument", "WorkflowGraph"]),
    library("Storage", ["Access", "CollabProtocol", "CRDT", "Webhooks", "WorkflowGraph", "WorkflowDocument"]),
    library("OutboundPolicy"),
    library("ExamplePlugin", ["WorkflowEngine", "WorkflowGraph"]),

    // Ring 1: acts. Adapters around the core, one outside thing each.
    library("Telemetry", [.logging]),
    library("Compression", ["CZlib", .nioCore]),
    library("OpenSSLTransport", ["COpenSSL", .nioCore, .nioTLS]),
    library("OutboundHTTP", ["OutboundPolicy", "Telemetry", "OpenSSLTransport", .nioCore, .nioPosix, .nioHTTP1, .nioTLS]),
    library("WebSocketTransport", ["Compression", "Hashing", .nioCore, .nioHTTP1]),
    library(
      "SQLiteStorage",
      [
        "Access", "CollabProtocol", "Storage", "CRDT", "Webhooks", "WorkflowGraph", "WorkflowDocument", "Compression",
        .product(name: "GRDB", package: "GRDB.swift"),
        .product(name: "GRDBSQLite", package: "GRDB.swift"),
      ]),
    library(
      "Rooms",
      [
        "Access", "CRDT", "WorkflowGraph", "WorkflowDocument", "CollabProtocol", "RoomCore", "WorkflowEngine", "Storage", "Compression",
        "Hashing", "Telemetry", "RateLimits", "OutboundPolicy", .nioCore, .logging, .lifecycle,
      ]),
    library(
      "EngineHTTP", ["OutboundHTTP", "OutboundPolicy", "Rooms", "RoomCore", "CollabProtocol", "WorkflowEngine", "WorkflowGraph"]),
    library(
      "OutsideNodes",
      [
        "OutboundHTTP", "OutboundPolicy", "OpenSSLTransport", "Rooms", "RoomCore", "WorkflowEngine", "WorkflowGraph", .nioCore,
      ]),
    library(
      "WebhookDelivery",
      ["OutboundHTTP", "OutboundPolicy", "Storage", "Telemetry", "Webhooks", "WorkflowDocument", "WorkflowGraph", .logging, .lifecycle]),
    .target(name: "CWebCanvas", exclude: ["assets"]),
    library("WebCanvas", ["CWebCanvas"]),
    library(
      "Gateway",
      [
        "Access", "Rooms", "RoomCore", "Storage", "CRDT", "WorkflowEngine", "CollabProtocol", "WorkflowGraph", "WebSocketTransport",
        "OpenSSLTransport", "WebCanvas", "Webhooks", "Hashing", "Compression", "RateLimits", "OutboundPolicy", .nioCore, .nioPosix,
        .nioHTTP1,
        .product(name: "NIOHTTPTypes", package: "swift-nio-extras"),
        .product(name: "NIOHTTPTypesHTTP1", package: "swift-nio-extras"), .product(name: "Hummingbird", package: "hummingbird"),
        .product(name: "HummingbirdCore", package: "hummingbird"), .product(name: "HTTPTypes", package: "swift-http-types"),
        "WorkflowDocument", "Telemetry",
        .logging, .lifecycle,
      ]),
    library(
      "CollabClient",
      [
        "CRDT", "WorkflowGraph", "WorkflowDocument", "CollabProtocol", "Compression", "Hashing", "WebSocketTransport", "OpenSSLTransport",
        .nioCore, .nioPosix, .nioHTTP1,
      ]),

    // Ring 2: wires.
    .executableTarget(
      name: "thaiyyal",
      dependencies: [
        "Access", "Gateway", "Rooms", "RoomCore", "Storage", "SQLiteStorage", "CollabClient", "CollabProtocol", "WorkflowGraph",
        "WorkflowDocument",
        "CRDT",
        "WorkflowEngine", "OpenSSLTransport", "WebSocketTransport", "COpenSSL", "CZlib", "Hashing", .nioCore, .nioPosix, .logging,
        .lifecycle, "EngineHTTP", "ExamplePlugin", "Telemetry", "OutboundHTTP", "OutboundPolicy", "OutsideNodes", "RateLimits",
        "WebhookDelivery", "Webhooks",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
        .product(name: "Configuration", package: "swift-configuration"),
      ], swiftSettings: strict),

    // Proof.
    .executableTarget(
      name: "websocket-echo", dependencies: ["WebSocketTransport", "OpenSSLTransport", .nioCore, .nioPosix, .nioHTTP1],
      path: "Tests/WebSocketEcho", swiftSettings: strict),
    .systemLibrary(name: "CMalloc", path: "Benchmarks/CMalloc"),
    .systemLibrary(name: "CEpoll", path: "Benchmarks/CEpoll"),
    .executableTarget(
      name: "thaiyyal-bench",
      dependencies: [
        "CMalloc",
        "CRDT", "Hashing", "WorkflowGraph", "WorkflowDocument", "CollabProtocol", "RoomCore", "Rooms", "WorkflowEngine", "Storage",
        "SQLiteStorage", "Compression", "WebSocketTransport", "OpenSSLTransport", "Gateway", "CollabClient", "COpenSSL", "CEpoll",
        "RateLimits", .collections,
        .nioCore, .nioPosix, .nioHTTP1, .logging, .lifecycle,
      ], path: "Benchmarks", exclude: ["CEpoll", "CMalloc", "attack", "peers"], swiftSettings: strict),
    .target(
      name: "Simulation",
      dependencies: [
        "Access", "CRDT", "WorkflowGraph", "WorkflowDocument", "CollabProtocol", "CollabClient", "RoomCore", "Rooms", "Storage",
        "WorkflowEngine",
        "RateLimits", .collections, .nioCore, .logging,
      ], path: "Tests/Simulation", swiftSettings: strict),
    .executableTarget(
      name: "thaiyyal-sim", dependencies: ["Simulation", .product(name: "ArgumentParser", package: "swift-argument-parser")],
      path: "Tests/SimulationRunner", swiftSettings: strict),
    tests("SimulationTests", ["Simulation"]),
    .target(
      name: "FuzzProperties",
      dependencies: [
        "Access", "CRDT", "Hashing", "WorkflowGraph", "WorkflowDocument", "CollabProtocol", "Compression", "WebSocketTransport",
        "CollabClient", "Gateway", "RateLimits", "RoomCore", "Rooms", "Storage", .nioCore, .nioHTTP1, .nioEmbedded, .nioPosix, .logging,
        .lifecycle,
      ], path: "Tests/FuzzProperties", swiftSettings: strict),
    tests("FuzzTests", ["FuzzProperties"]),
    tests("SanitizerTests", [], exclude: ["mutex.c"]),
    tests("CRDTTests", ["CRDT"]),
    tests("HashingTests", ["Hashing"]),
    tests("TelemetryTests", ["Telemetry", .logging]),
    tests("AccessTests", ["Access", "CollabProtocol", "Hashing", "WorkflowDocument", "WorkflowGraph"]),
    tests("WorkflowGraphTests", ["WorkflowGraph", "Hashing"]),
    .target(
      name: "DocumentHistories", dependencies: ["WorkflowDocument", "WorkflowGraph", "CRDT"], path: "Tests/DocumentHistories",
      swiftSettings: strict),
    tests("WorkflowDocumentTests", ["WorkflowDocument", "WorkflowGraph", "CRDT", "Hashing", "DocumentHistories"]),
    .executableTarget(
      name: "history-stream",
      dependencies: ["DocumentHistories", "CollabProtocol", "WorkflowDocument", "WorkflowGraph", "CRDT", "Hashing", .nioCore],
      path: "Tests/HistoryStream", swiftSettings: strict),
    tests("CollabProtocolTests", ["CollabProtocol", "WorkflowDocument", "WorkflowGraph", "CRDT", "Compression", .nioCore, .protobuf]),
    tests("WorkflowEngineTests", ["WorkflowEngine", "WorkflowGraph", "WorkflowDocument", "CRDT"]),
    tests("RateLimitsTests", ["RateLimits", "OutboundPolicy"]),
    tests("RoomCoreTests", ["Access", "RoomCore", "CollabProtocol", "WorkflowDocument", "WorkflowGraph", "CRDT", "RateLimits"]),
    .executableTarget(
      name: "storage-writer", dependencies: ["SQLiteStorage", "Storage", "WorkflowDocument", "WorkflowGraph", "CRDT"],
      path: "Tests/StorageWriter", swiftSettings: strict),
    tests(
      "StorageTests",
      [
        "Access", "CollabProtocol", "Storage", "SQLiteStorage", "storage-writer", "Webhooks", "WorkflowDocument", "WorkflowGraph", "CRDT",
        .product(name: "GRDB", package: "GRDB.swift"),
      ]),
    tests(
      "WebhookDeliveryTests",
      [
        "CollabProtocol", "CRDT", "Hashing", "LoopbackServer", "OpenSSLTransport", "OutboundHTTP", "OutboundPolicy", "Storage", "Telemetry",
        "WebhookDelivery", "Webhooks", "WorkflowDocument", "WorkflowGraph", .nioCore, .nioPosix, .logging, .lifecycle,
      ]),
    tests("WebhooksTests", ["Webhooks", "CollabProtocol", "CRDT", "Hashing", "WorkflowDocument", "WorkflowGraph"]),
    tests("OutboundPolicyTests", ["OutboundPolicy"]),
    tests("CompressionTests", ["Compression", .nioCore]),
    tests("OpenSSLTransportTests", ["OpenSSLTransport", .nioCore, .nioPosix, .nioEmbedded, .nioTLS]),
    .target(
      name: "LoopbackServer", dependencies: ["OpenSSLTransport", .nioCore, .nioPosix], path: "Tests/LoopbackServer",
      swiftSettings: strict),
    tests(
      "OutboundHTTPTests",
      ["LoopbackServer", "OutboundHTTP", "OutboundPolicy", "OpenSSLTransport", "Telemetry", .nioCore, .nioPosix, .nioTLS]),
    tests(
      "EngineHTTPTests",
      [
        "LoopbackServer", "EngineHTTP", "OutboundHTTP", "OutboundPolicy", "OpenSSLTransport", "Rooms", "RoomCore", "CollabProtocol",
        "WorkflowGraph", .nioCore, .nioPosix,
      ]),
    tests(
      "OutsideNodesTests",
      [
        "LoopbackServer", "OutsideNodes", "ExamplePlugin", "OutboundHTTP", "OutboundPolicy", "OpenSSLTransport", "Rooms", "RoomCore",
        "CollabProtocol", "WorkflowEngine", "WorkflowGraph", .nioCore, .nioPosix,
      ]),
    tests("WebSocketTransportTests", ["WebSocketTransport", "Compression", .nioCore, .nioPosix, .nioEmbedded, .nioHTTP1]),
    tests(
      "RoomsTests",
      [
        "Access", "Rooms", "RoomCore", "Storage", "CollabProtocol", "WorkflowDocument", "WorkflowGraph", "WorkflowEngine", "CRDT",
        "Compression",
        "RateLimits", "OutboundPolicy", .nioCore,
        .nioPosix, .nioEmbedded, .logging, .lifecycle,
      ]),
    tests(
      "GatewayTests",
      [
        "Access", "CRDT", "Gateway", "Rooms", "RoomCore", "Storage", "CollabProtocol", "WorkflowDocument", "WorkflowGraph", "WebCanvas",
        "WebSocketTransport", "Compression",
        "OpenSSLTransport", "Telemetry", "Webhooks", "Hashing", "RateLimits", "OutboundPolicy", "WorkflowEngine", .nioCore, .nioPosix,
        .nioHTTP1,
        .nioEmbedded, .logging,
        .lifecycle,
      ], exclude: ["Page"]),
    tests(
      "CollabClientTests",
      [
        "CollabClient", "CollabProtocol", "WorkflowDocument", "WorkflowGraph", "CRDT", "WebSocketTransport", "Compression", .nioCore,
        .nioPosix,
        .nioHTTP1,
      ]),
    tests(
      "CommandTests",
      [
        "Access", "Hashing", "thaiyyal", "Gateway", "OutboundPolicy", "RateLimits", .logging,
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ]),
    tests("TidyTests", []),
    tests(
      "EndToEndTests",
      [
        "Access", "thaiyyal", "Gateway", "Rooms", "RoomCore", "Storage", "SQLiteStorage", "CollabClient", "CollabProtocol",
        "WorkflowDocument",
        "WorkflowGraph", "CRDT",
        "Hashing", "WebSocketTransport", "OpenSSLTransport", .nioCore, .nioPosix, .nioHTTP1, .logging, .lifecycle, "EngineHTTP",
        "LoopbackServer", "Webhooks", "OutboundHTTP", "OutboundPolicy", "OutsideNodes", "WorkflowEngine", "RateLimits",
      ]),
  ],
  swiftLanguageModes: [.v6]
)

if isFuzzing {
  package.targets += [
    .systemLibrary(name: "CLibFuzzer", path: "Tests/CLibFuzzer"),
    .executableTarget(
      name: "fuzz", dependencies: ["FuzzProperties", "CLibFuzzer"], path: "Tests/Fuzzer", swiftSettings: strict,
      linkerSettings: [.unsafeFlags(["-sanitize=fuzzer,address", "-use-ld=lld"])]),
  ]
}
