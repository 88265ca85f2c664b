// swift-tools-version: 6.1
import PackageDescription

/// The plugin that builds `dlc` first, or where the variable DLC names one, that which uses it.
let plugin = Context.environment["DLC"] == nil ? "DLCBuild" : "DLCBuildInstalled"

/// An app that carries compiled models: the plugin turns `digits.onnx`, `running_mean.dlm` and the training of `hand.dlm` into
/// resources and types.
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
            resources: [.copy("slanted.safetensors")],
            plugins: [.plugin(name: plugin, package: "dlc")])
    ],
    swiftLanguageModes: [.v6]
)
