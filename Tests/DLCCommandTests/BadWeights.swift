import DLC
import DLCTensorFiles

/// A model file and weights for it, in the arguments of a build.
private func build(_ folder: Folder, _ arguments: String...) throws -> [String] {
    try folder.write("model M(x: f32[1, 2], units = 3) { return y: x.dense(units) }\n", "m.dlm")
    return ["build", "m.dlm"] + arguments
}

/// A safetensors file with a header of one's own.
private func safetensors(_ header: String, data: Int) -> [UInt8] {
    (0..<8).map { UInt8(truncatingIfNeeded: header.utf8.count >> (8 * $0)) } + Array(header.utf8) + [UInt8](repeating: 0, count: data)
}

extension BadInput {
    static let weights: [BadInput] = [
        BadInput("absent weights", "absent.safetensors", "No such file") { try build($0, "--weights", "absent.safetensors") },
        BadInput("an absent archive of weights", "absent.npz", "No such file") { try build($0, "--weights", "absent.npz") },
        BadInput("an absent ONNX file of weights", "absent.onnx", "No such file") { try build($0, "--weights", "absent.onnx") },
        BadInput("empty weights", "w.safetensors: is empty") { folder in
            try folder.write("", "w.safetensors")
            return try build(folder, "--weights", "w.safetensors")
        },
        BadInput("a folder as weights", "w.safetensors", "regular file") { folder in
            try folder.makeFolder("w.safetensors")
            return try build(folder, "--weights", "w.safetensors")
        },
        BadInput("text as weights", "w.safetensors: is no safetensors file") { folder in
            try folder.write("these are no weights", "w.safetensors")
            return try build(folder, "--weights", "w.safetensors")
        },
        BadInput("weights whose header is cut", "w.safetensors: is truncated: the header has 100 bytes, 2 are there") { folder in
            try folder.write([100, 0, 0, 0, 0, 0, 0, 0] + Array("{}".utf8), "w.safetensors")
            return try build(folder, "--weights", "w.safetensors")
        },
        BadInput("weights whose data is cut", "dense.bias ends at byte 12 of the data, which has 8") { folder in
            let header = #"{"dense.bias":{"dtype":"F32","shape":[3],"data_offsets":[0,12]}}"#
            try folder.write(safetensors(header, data: 8), "w.safetensors")
            return try build(folder, "--weights", "w.safetensors")
        },
        BadInput("weights whose header is no JSON", "at byte 1; expected `\"`") { folder in
            try folder.write(safetensors("{'a': 1}", data: 8), "w.safetensors")
            return try build(folder, "--weights", "w.safetensors")
        },
        BadInput("a pickle of weights", "w.pt", "save_file") { try build($0, "--weights", "w.pt") },
        BadInput("weights of another kind", "w.h5", "expected a file ending in .safetensors, .npz or .onnx") {
            try build($0, "--weights", "w.h5")
        },
        BadInput("text as ONNX weights", "w.onnx") { folder in
            try folder.write("no model", "w.onnx")
            return try build(folder, "--weights", "w.onnx")
        },
        BadInput("tensors that renames give one name", "w.npz", "both become dense.bias") { folder in
            let one = try Tensor([1, 2, 3] as [Float], shape: [3])
            try NPZ.write([("a", one), ("b", one)], to: folder.path("w.npz"))
            return try build(folder, "--weights", "w.npz", "--rename", "a=dense.bias", "--rename", "b=dense.bias")
        },
        BadInput("weights for an ONNX model", "--weights is for .dlm models") { _ in
            ["build", Shipped.digits, "-o", "d.dlc", "--weights", "w.npz"]
        },
        BadInput("a setting for a text model", "--set is for .dlm models") {
            try $0.writeOne(); return ["build", "one.dlir", "--set", "a=1"]
        },
        BadInput("a seed for a compiled model", "--seed is for .dlm models") {
            try $0.buildPair(); return ["run", "pair.dlc", "--random", "--seed", "1"]
        },
        BadInput("a bench with weights for a compiled model", "--weights is for .dlm models") { folder in
            try folder.buildPair()
            return ["bench", "pair.dlc", "--weights", "w.npz"]
        },
        BadInput("a comparison of other models with a setting", "--set is for .dlm models") { folder in
            try folder.writeOne()
            return ["compare", "one.dlir", "one.dlir", "--set", "a=1"]
        },
        BadInput("a model that the file does not have", "m.dlm: there is no model N; the file has M") { try build($0, "--model", "N") },
        BadInput("a setting given twice", "--set gives units two values") { try build($0, "--set", "units=1", "--set", "units=2") },
        BadInput("weights of a text model", "one.dlir: has no weights by name") {
            try $0.writeOne(); return ["export", "one.dlir", "-o", "w.safetensors"]
        },
        BadInput("weights of a compiled model", "is compiled") {
            try $0.buildPair(); return ["export", "pair.dlc", "-o", "w.safetensors"]
        },
        BadInput("weights in an absent folder", "absent/w.safetensors") { folder in
            try folder.write("model M(x: f32[1, 2]) { return y: x.dense(3) }\n", "m.dlm")
            return ["export", "m.dlm", "-o", "absent/w.safetensors"]
        },
    ]
}
