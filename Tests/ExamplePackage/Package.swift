// swift-tools-version: 6.1
import PackageDescription

/// An app that carries compiled models: the plugin turns `digits.onnx` and `running_mean.dlm` into resources and types.
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
