import ArgumentParser
import DLC
import DLCTensorFiles
import Foundation

enum OutputFormat: String, ExpressibleByArgument, CaseIterable {
    case npy, pb
}

/// Outputs as files, or as a few words for people.
enum OutputFiles {
    /// Writes `FOLDER/NAME.npy` or `.pb` for each output, slashes in names turned into underscores; makes the folder.
    static func write(_ outputs: [String: Tensor], to folder: String, _ format: OutputFormat) throws {
        do {
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        } catch {
            throw DLCError("cannot be made: \((error as NSError).localizedDescription)", at: [folder])
        }
        for (name, tensor) in outputs.sorted(by: { $0.key < $1.key }) {
            let path = "\(folder)/\(name.replacingOccurrences(of: "/", with: "_")).\(format.rawValue)"
            switch format {
            case .npy: try NPY.write(tensor, to: path)
            case .pb: try ONNXTensorFile.write(tensor, name: name, to: path)
            }
        }
    }

    /// The five best classes of each row where the model names its classes (metadata `NAME.labels` or `labels`); the
    /// range and the first values otherwise.
    static func description(_ tensor: Tensor, name: String, metadata: [String: String]) throws -> String {
        let head = "\(name): \(tensor.type)\(tensor.shape)"
        let values = try tensor.doubles()
        let labels = (metadata["\(name).labels"] ?? metadata["labels"])?.split(separator: ",").map(String.init) ?? []
        if !labels.isEmpty, tensor.shape.last == labels.count {
            let rows = stride(from: 0, to: values.count, by: labels.count).map { start in
                let best = labels.indices.sorted { values[start + $0] > values[start + $1] }.prefix(5)
                return best.map { "    \(labels[$0]) \(String(format: "%.4f", values[start + $0]))" }.joined(separator: "\n")
            }
            return "\(head)\n" + rows.joined(separator: "\n\n")
        }
        guard let least = values.min(), let greatest = values.max() else { return "\(head), empty" }
        let shown = values.prefix(8).map { String(format: "%.6g", $0) }.joined(separator: " ")
        return "\(head) from \(String(format: "%.6g", least)) to \(String(format: "%.6g", greatest))\n"
            + "    \(shown)\(values.count > 8 ? " …" : "")"
    }
}
