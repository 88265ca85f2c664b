import DLCTensor
import DLCTensorFiles
import Foundation
import Testing

/// A folder that is there while `body` runs.
func withTemporaryFolder<R>(_ body: (TemporaryFolder) throws -> R) throws -> R {
    let url = FileManager.default.temporaryDirectory.appendingPathComponent("dlc-data-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: url) }
    return try body(TemporaryFolder(path: url.path))
}

struct TemporaryFolder {
    let path: String

    /// The path of a name; folders on the way are made.
    func path(_ name: String) throws -> String {
        let full = "\(path)/\(name)"
        let parent = (full as NSString).deletingLastPathComponent
        try FileManager.default.createDirectory(atPath: parent, withIntermediateDirectories: true)
        return full
    }

    @discardableResult
    func write(_ bytes: [UInt8], _ name: String) throws -> String {
        let path = try path(name)
        try Data(bytes).write(to: URL(fileURLWithPath: path))
        return path
    }

    @discardableResult
    func write(_ text: String, _ name: String) throws -> String { try write(Array(text.utf8), name) }

    @discardableResult
    func write(_ tensor: Tensor, _ name: String) throws -> String {
        let path = try path(name)
        try NPY.write(tensor, to: path)
        return path
    }

    func folder(_ name: String) throws {
        try FileManager.default.createDirectory(atPath: "\(path)/\(name)", withIntermediateDirectories: true)
    }
}

func decoded(_ base64: String) throws -> [UInt8] { try Array(#require(Data(base64Encoded: base64))) }

extension Tensor {
    /// The elements of any type as doubles.
    var numbers: [Double] { get throws { try doubles() } }
}

func environment(_ name: String) -> String? { ProcessInfo.processInfo.environment[name] }
