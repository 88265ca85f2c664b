import CImage
import DLC
import DLCModel
import DLCTensorFiles

/// What reads files that others wrote. Each takes any bytes: it answers or throws, within the time and memory that the fuzzer grants.
enum Loader: String, CaseIterable {
    case onnx, dlm, dlir, dlc, safetensors, npz, npy, png, jpg

    /// Reads the file as the commands do: a model becomes a graph and passes through the canonical stage, a plan is prepared
    /// for its first run, of weights every tensor is read.
    func load(_ path: String) {
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
            }
        } catch {
            // An error that cannot be printed is none.
            _ = "\(error)"
        }
    }
}
