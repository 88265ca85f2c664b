// swift-tools-version: 6.1
import PackageDescription

/// An app that carries a compiled model: the plugin turns `digits.onnx` into a resource and a type.
let package = Package(
    name: "Example",
    platforms: [.macOS(.v15)],
    dependencies: [
        .package(name: "dlc", path: "../..")
    ],
    targets: [
        .executableTarget(
            name: "Example",
            dependencies: [.product(name: "DLCRuntime", package: "dlc")],
            plugins: [.plugin(name: "DLCBuild", package: "dlc")])
    ],
    swiftLanguageModes: [.v6]
)
