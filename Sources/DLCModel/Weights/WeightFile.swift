import DLCTensor
import DLCTensorFiles

/// Named tensors in a file, read one by one.
public struct WeightFile: Sendable {
    public typealias Entry = Safetensors.Entry

    public let path: String
    public let entries: [Entry]
    /// Texts beside the tensors, such as what a training knows of its data.
    public private(set) var metadata: [String: String] = [:]
    /// Whether tensors that are no weights are expected among them, such as the shapes and axes in an ONNX file.
    public let holdsConstants: Bool
    private let read: @Sendable (_ index: Int) throws -> Tensor

    /// - Parameter read: gives the tensor of an entry.
    public init(
        path: String, entries: [Entry], holdsConstants: Bool = false, read: @escaping @Sendable (_ index: Int) throws -> Tensor
    ) {
        self.path = path
        self.entries = entries
        self.holdsConstants = holdsConstants
        self.read = read
    }

    /// - Parameter tensors: all tensors of the file; their names are distinct.
    public init(path: String, _ tensors: [(name: String, tensor: Tensor)], holdsConstants: Bool = false) {
        let entries = tensors.map { Entry(name: $0.name, type: $0.tensor.type, shape: $0.tensor.shape) }
        self.init(path: path, entries: entries, holdsConstants: holdsConstants) { tensors[$0].tensor }
    }

    /// Opens a `.safetensors` or `.npz` file.
    /// - Throws: where it cannot be read, is damaged or of another kind.
    public init(contentsOf path: String) throws {
        if path.hasSuffix(".safetensors") {
            let file = try Safetensors(contentsOf: path)
            self.init(path: path, entries: file.entries) { try file.tensor(at: $0) }
            metadata = file.metadata
        } else if path.hasSuffix(".npz") {
            let arrays = try NPZ.read(path)
            var names = Set<String>()
            if let twice = arrays.first(where: { !names.insert($0.name).inserted }) {
                throw DLCError("holds two arrays named \(twice.name.printable())", at: [path])
            }
            self.init(path: path, arrays)
        } else if [".bin", ".pt", ".pth", ".ckpt"].contains(where: path.hasSuffix) {
            throw DLCError("is a pickle of PyTorch's, which only Python reads; convert it once: \(Self.conversion)", at: [path])
        } else {
            throw DLCError("unknown kind of weights; expected a file ending in .safetensors, .npz or .onnx", at: [path])
        }
    }

    private static let conversion = """
        python3 -c 'import sys, torch; from safetensors.torch import save_file; \
        d = torch.load(sys.argv[1], map_location="cpu", weights_only=True); \
        save_file({k: v.clone().contiguous() for k, v in d.items()}, sys.argv[2])' IN OUT.safetensors
        """

    /// The tensor of the entry at `index`.
    public func tensor(at index: Int) throws -> Tensor { try located(path) { try read(index) } }

    /// Writes all tensors as a `.safetensors` file, marked as PyTorch's layouts, which Hugging Face's loaders ask for.
    public func write(to path: String) throws {
        try Safetensors.write(entries, metadata: ["format": "pt"], to: path) { try tensor(at: $0) }
    }
}
