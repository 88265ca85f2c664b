import CImage
import DLC
import DLCModel
import DLCTensorFiles

/// What reads files that others wrote. Each takes any bytes: it answers or throws, within the time and memory that the fuzzer grants.
enum Loader: String, CaseIterable {
    case onnx, dlm, dlir, dlc, safetensors, npz, npy, png, jpg, picture
    case idx, cifar, csv, gz, wav, txt, abc, coco, yolo, mask

    /// Where the file lies in a folder of its own; some formats are told by it.
    var file: String { data?.file ?? "a.\(rawValue)" }

    /// Reads the file as the commands do: a model becomes a graph and passes through the canonical stage, a plan is prepared
    /// for its first run, of weights every tensor is read, of data a batch.
    /// - Parameters:
    ///   - path: the file's.
    ///   - folder: the folder in which `file` is `path`, and `DataFormat.others` are.
    func load(_ path: String, in folder: String) {
        do {
            switch self {
            case .onnx, .dlir: _ = try Compiler.graph(Compiler.load(path), at: .canonical)
            // Parameters keep their places: drawing millions of them is no hang.
            case .dlm: _ = try Compiler.model(path).rewritten { try Compiler.graph($0, at: .canonical) }
            case .dlc: _ = try Session(CompiledModel(contentsOf: path), threads: 1)
            case .safetensors, .npz:
                let file = try WeightFile(contentsOf: path)
                for index in file.entries.indices { _ = try? file.tensor(at: index) }
            case .npy: _ = try NPY.read(path)
            case .png, .jpg:
                var image = dlc_image()
                _ = dlc_image_read(path, &image)
                dlc_image_free(&image)
            case .picture:
                let file = try MappedFile(path: path)
                var image = dlc_image()
                _ = dlc_image_decode(file.bytes.baseAddress?.assumingMemoryBound(to: UInt8.self), file.bytes.count, &image)
                dlc_image_free(&image)
            case .idx, .cifar, .csv, .gz, .wav, .txt, .abc, .coco, .yolo, .mask: data?.read(in: folder)
            }
        } catch {
            // An error that cannot be printed is none.
            _ = "\(error)"
        }
    }
}
