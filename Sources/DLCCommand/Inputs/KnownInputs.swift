import DLC
import DLCTensorFiles

/// Inputs that must be known when a model is compiled, such as axes, shapes and counts.
///
/// ONNX lets a model compute them. Where one cannot be compiled without them, the small vectors among the files of
/// `--input` become constants: those of integers, and if that is not enough those of other numbers too.
struct KnownInputs {
    let model: CompiledModel
    /// Arguments of `--input` that still are inputs.
    let remaining: [String]

    /// - Throws: where the model cannot be compiled either way, the error without constants.
    init(_ path: String, _ arguments: [String], _ options: ModelOptions, _ flags: CompileFlags) throws {
        do {
            model = try ModelFile.ready(path, options, flags)
            remaining = arguments
        } catch {
            guard ModelFile.kind(path) == "onnx" else { throw error }
            let small = arguments.compactMap(Self.smallVector)
            for candidates in [small.filter { !$0.tensor.type.isFloat }, small] where !candidates.isEmpty {
                var options = options
                options.constants = Dictionary(candidates.map { ($0.name, $0.tensor) }) { first, _ in first }
                guard let model = try? ModelFile.ready(path, options, flags) else { continue }
                self.model = model
                remaining = arguments.filter { argument in !candidates.contains { $0.argument == argument } }
                return
            }
            throw error
        }
    }

    /// The most elements of an input that says something about shapes.
    private static let mostElements = 64

    private static func smallVector(_ argument: String) -> (argument: String, name: String, tensor: Tensor)? {
        guard let equals = argument.firstIndex(of: "=") else { return nil }
        let path = String(argument[argument.index(after: equals)...])
        let tensor: Tensor?
        switch ModelFile.kind(path) {
        case "npy": tensor = try? NPY.read(path)
        case "pb": tensor = (try? ONNXTensorFile.read(path))?.tensor
        default: tensor = nil
        }
        guard let tensor, tensor.rank <= 1, tensor.count <= mostElements else { return nil }
        return (argument, String(argument[..<equals]), tensor)
    }
}
