import DLC
import DLCTensorFiles
import Foundation

/// Files of sequences and optionals: `.pb` in ONNX's formats; for a sequence a folder of `.npy`, for an optional tensor one of them.
enum ContainerFiles {
    /// - Throws: where nothing is there, or it holds another kind of value.
    static func read(_ path: String, _ kind: Container.Kind) throws -> Datum {
        if isFolder(path) {
            guard kind.isSequence else { throw DLCError("is a folder; an optional tensor is a .npy or a .pb", at: [path]) }
            return .sequence(try arrays(of: path))
        }
        switch ModelFile.kind(path) {
        case "pb": return try ONNXDataFile.read(path, kind)
        case "npy" where kind == .optional: return .tensor(try NPY.read(path))
        default: throw DLCError(kind.isSequence ? "expected a folder of .npy files or a .pb" : "expected a .npy or a .pb", at: [path])
        }
    }

    /// What a file may say of a sequence's tensors before anything is known of the model: their number of dimensions.
    static func elements(_ path: String) -> Container.Elements? {
        let tensors = isFolder(path) ? try? arrays(of: path) : try? ONNXDataFile.read(path, .sequence).tensors
        guard let tensors, !tensors.isEmpty else { return nil }
        return tensors.reduce(Container.Elements.none) { $0.joined(with: .shape($1.shape.map { _ in nil })) }
    }

    /// Writes an output: as `NAME.pb`, or as a folder `NAME` of arrays, one array, or nothing where an optional is empty.
    static func write(_ value: Datum, _ port: Plan.Port, to place: String, isProto: Bool) throws {
        if isProto { return try ONNXDataFile.write(value, port.container?.kind ?? .optional, name: port.name, to: place + ".pb") }
        switch value {
        case .absent: break
        case .tensor(let tensor): try NPY.write(tensor, to: place + ".npy")
        case .sequence(let tensors):
            do { try FileManager.default.createDirectory(atPath: place, withIntermediateDirectories: false) } catch {
                throw DLCError("cannot be made: \(error.localizedDescription)", at: [place])
            }
            for (index, tensor) in tensors.enumerated() { try NPY.write(tensor, to: "\(place)/\(index).npy") }
        }
    }

    private static func isFolder(_ path: String) -> Bool {
        var isFolder: ObjCBool = false
        return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) && isFolder.boolValue
    }

    /// The arrays of a folder in the order of their numbers: `0.npy`, `1.npy`, …
    private static func arrays(of folder: String) throws -> [Tensor] {
        let names: [String]
        do { names = try FileManager.default.contentsOfDirectory(atPath: folder) } catch {
            throw DLCError("cannot be read: \(error.localizedDescription)", at: [folder])
        }
        let numbered = try names.filter { !$0.hasPrefix(".") }.map { name in
            guard name.hasSuffix(".npy"), let number = Int(name.dropLast(4)), number >= 0 else {
                throw DLCError("holds \(name.printable()); the arrays of a sequence are 0.npy, 1.npy and so on", at: [folder])
            }
            return (number: number, name: name)
        }.sorted { $0.number < $1.number }
        for (index, file) in numbered.enumerated() where file.number != index {
            throw DLCError("holds \(file.name), but no \(index).npy; the arrays of a sequence are 0.npy, 1.npy and so on", at: [folder])
        }
        return try numbered.map { try NPY.read("\(folder)/\($0.name)") }
    }
}
