import DLC
import DLCTensorFiles
import Foundation

/// The built `dlc`, which lies beside the tests.
struct Tool {
    struct Result {
        var status: Int32
        var output: String
        var errors: String
    }

    static let path: String = {
        #if os(Linux)
        let tests = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
        #else
        let tests = Bundle.allBundles.first { $0.bundlePath.hasSuffix(".xctest") }?.bundleURL ?? Bundle.main.bundleURL
        #endif
        return tests.deletingLastPathComponent().appendingPathComponent("dlc").path
    }()

    /// Runs it with a folder as the current one.
    static func run(_ arguments: [String], in folder: Folder) throws -> Result {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: path)
        process.arguments = arguments
        process.currentDirectoryURL = folder.url
        let (output, errors) = (Pipe(), Pipe())
        process.standardOutput = output
        process.standardError = errors
        try process.run()
        // Messages are short, so that neither pipe fills up while the other is read.
        let printed = output.fileHandleForReading.readDataToEndOfFile()
        let complained = errors.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return Result(
            status: process.terminationReason == .exit ? process.terminationStatus : -process.terminationStatus,
            output: String(decoding: printed, as: UTF8.self), errors: String(decoding: complained, as: UTF8.self))
    }
}

/// A folder that is removed with the object.
final class Folder {
    let url: URL

    init() throws {
        url = FileManager.default.temporaryDirectory.appendingPathComponent("dlc-tests-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: false)
    }

    deinit { try? FileManager.default.removeItem(at: url) }

    func path(_ name: String) -> String { url.appendingPathComponent(name).path }

    /// All that is in the folder and below.
    var contents: [String] { (FileManager.default.subpaths(atPath: url.path) ?? []).sorted() }

    func write(_ bytes: [UInt8], _ name: String) throws { try Data(bytes).write(to: url.appendingPathComponent(name)) }
    func write(_ text: String, _ name: String) throws { try write(Array(text.utf8), name) }
    func write(_ tensor: Tensor, _ name: String) throws { try NPY.write(tensor, to: path(name)) }
    func bytes(_ name: String) throws -> [UInt8] { Array(try Data(contentsOf: url.appendingPathComponent(name))) }
    func makeFolder(_ name: String) throws {
        try FileManager.default.createDirectory(at: url.appendingPathComponent(name), withIntermediateDirectories: false)
    }

    /// `pair.dlir`: two inputs that share a symbol, and two outputs.
    func writePair() throws {
        try write(
            """
            graph pair(%image: f32[N, 2], %ids: i64[N]) -> (%y, %z) {
                %y: f32[N, 2] = relu(%image)
                %z: i64[N] = neg(%ids)
            }

            """, "pair.dlir")
    }

    /// `pair.dlir` compiled to `pair.dlc`.
    func buildPair(_ target: String = "portable") throws {
        try writePair()
        let result = try Tool.run(["build", "pair.dlir", "-o", "pair.dlc", "--target", target], in: self)
        guard result.status == 0 else { throw DLCError(result.errors) }
    }

    /// `one.dlir`: one input, which takes pictures.
    func writeOne(_ shape: String = "1, 1, 4, 4") throws {
        try write("graph one(%image: f32[\(shape)]) -> (%y) {\n    %y: f32[\(shape)] = relu(%image)\n}\n", "one.dlir")
    }

    func writeInputs() throws {
        try write(Tensor([1, -2, 3, -4] as [Float], shape: [2, 2]), "image.npy")
        try write(Tensor([5, -6] as [Int64], shape: [2]), "ids.npy")
    }
}

/// The files that ship with the project.
enum Shipped {
    static let models = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("../../Models").standardized
    static let digits = models.appendingPathComponent("digits.onnx").path
    static func picture(_ label: String) -> String { models.appendingPathComponent("digits/\(label).png").path }
}
