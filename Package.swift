// swift-tools-version: 6.1
import PackageDescription

let package = Package(
    name: "dlc",
    platforms: [.macOS(.v15)],
    products: [
        .library(name: "DLCRuntime", targets: ["DLCRuntime"]),
        .library(name: "DLC", targets: ["DLC", "DLCData", "DLCModel", "DLCTrain"]),
        .executable(name: "dlc", targets: ["DLCCommand"]),
        .plugin(name: "DLCBuild", targets: ["DLCBuild"]),
        .plugin(name: "DLCBuildInstalled", targets: ["DLCBuildInstalled"]),
    ],
    traits: [
        .trait(name: "ONNX", description: "Import and export of ONNX files; needs libprotobuf and libonnx."),
        .trait(name: "Images", description: "PNG and JPEG inputs on the command line; needs libpng and libjpeg."),
        .default(enabledTraits: ["ONNX", "Images"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.5.0"),
    ],
    targets: [
        .target(name: "CKernels"),
        .target(name: "DLCTensor", dependencies: ["CKernels"]),
        .target(name: "DLCSafetensors", dependencies: ["DLCTensor"]),
        .target(name: "DLCRuntime", dependencies: ["DLCTensor", "DLCSafetensors", "CKernels"]),
        .target(name: "DLCGraph", dependencies: ["DLCTensor"]),
        .target(name: "DLCOps", dependencies: ["DLCGraph", "DLCRuntime"]),
        .target(name: "DLCPasses", dependencies: ["DLCOps", "DLCRuntime"]),
        .target(
            name: "CONNX",
            cxxSettings: [.define("ONNX_ML", to: "1"), .define("ONNX_NAMESPACE", to: "onnx")],
            linkerSettings: [.linkedLibrary("onnx"), .linkedLibrary("onnx_proto"), .linkedLibrary("protobuf")]),
        .target(name: "DLCONNX", dependencies: ["DLCOps", .target(name: "CONNX", condition: .when(traits: ["ONNX"]))]),
        .target(name: "CImage", dependencies: ["CKernels"], linkerSettings: [.linkedLibrary("png"), .linkedLibrary("jpeg")]),
        .systemLibrary(name: "CZlib", providers: [.apt(["zlib1g-dev"])]),
        .target(name: "DLCTensorFiles", dependencies: ["DLCTensor", "DLCSafetensors", "CZlib"]),
        .target(
            name: "DLCData",
            dependencies: ["DLCTensor", "DLCTensorFiles", "CKernels", "CZlib", .target(name: "CImage", condition: .when(traits: ["Images"]))]),
        .target(name: "DLCModel", dependencies: ["DLCPasses", "DLCTensorFiles"]),
        .target(name: "DLC", dependencies: ["DLCPasses", "DLCRuntime", "DLCONNX", "DLCModel"]),
        .target(name: "DLCTrain", dependencies: ["DLC", "DLCData", "DLCModel", "DLCTensorFiles", "CZlib"]),
        .executableTarget(
            name: "DLCCommand",
            dependencies: [
                "DLC", "DLCData", "DLCModel", "DLCTensorFiles", "DLCTrain", "CKernels",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ]),
        .executableTarget(name: "FuzzPlans", dependencies: ["DLCPasses"], path: "Tests/FuzzPlans"),
        .plugin(name: "DLCBuild", capability: .buildTool(), dependencies: ["DLCCommand"]),
        .plugin(name: "DLCBuildInstalled", capability: .buildTool()),
        .testTarget(name: "DLCFuzzTests", dependencies: ["DLCFuzz", "DLC"], path: "Tests/FuzzTests"),
        .testTarget(name: "DLCTensorTests", dependencies: ["DLCTensor", "DLCTensorFiles"]),
        .testTarget(name: "DLCTensorFilesTests", dependencies: ["DLCTensorFiles"]),
        .testTarget(name: "DLCDataTests", dependencies: ["DLCData"]),
        .testTarget(name: "DLCGraphTests", dependencies: ["DLCGraph", "DLCOps"]),
        .testTarget(name: "DLCOpsTests", dependencies: ["DLCOps"]),
        .testTarget(name: "DLCPassesTests", dependencies: ["DLC"], resources: [.copy("Golden")]),
        .executableTarget(
            name: "DLCFuzz", dependencies: ["DLC", .product(name: "ArgumentParser", package: "swift-argument-parser")], path: "Tests/Fuzz",
            exclude: ["Found", "Patterns", "Refused"]),
        .target(name: "AllocationCounter", path: "Tests/AllocationCounter"),
        .executableTarget(
            name: "ConcurrentSessions", dependencies: ["DLCRuntime"], path: "Tests/ConcurrentSessions",
            exclude: ["convolutions.dlm", "recurrence.dlm"]),
        .testTarget(name: "DLCRuntimeTests", dependencies: ["DLC", "AllocationCounter", "ConcurrentSessions"]),
        .testTarget(name: "DLCONNXTests", dependencies: ["DLC", "DLCModel", "DLCONNX", "DLCTensorFiles"], exclude: ["Classic", "Sequences"]),
        .testTarget(
            name: "DLCModelTests", dependencies: ["DLCModel", "DLCTensorFiles"], exclude: ["ElaborationCases", "Reference", "SyntaxCases"]),
        .testTarget(name: "DLCTrainTests", dependencies: ["DLCTrain"]),
        .testTarget(name: "DLCCommandTests", dependencies: ["DLCCommand", "DLCTensorFiles"]),
    ],
    swiftLanguageModes: [.v6],
    cxxLanguageStandard: .cxx17
)

// The fuzzer's driver is in a library that only -sanitize=fuzzer links: Tools/fuzz_loaders sets the variable.
if Context.environment["DLC_LOADER_FUZZ"] != nil {
    package.targets.append(
        .executableTarget(
            name: "LoaderFuzz", dependencies: ["DLC", "DLCData", "DLCModel", "DLCTensorFiles", "CImage"], path: "Tests/LoaderFuzz",
            exclude: ["Corpus", "extreme_models.py", "extremes.dict"]))
}
