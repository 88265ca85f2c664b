import DLC
import DLCTensorFiles
import Testing

/// A call that must fail, and words that its error says.
struct BadInput: Sendable, CustomTestStringConvertible {
    let name: String
    let words: [String]
    /// Writes the files into the folder and gives the arguments.
    let prepare: @Sendable (Folder) throws -> [String]

    init(_ name: String, _ words: String..., prepare: @escaping @Sendable (Folder) throws -> [String]) {
        self.name = name
        self.words = words
        self.prepare = prepare
    }

    var testDescription: String { name }
}

/// Arguments of a run of `pair.dlir` with good inputs, some of them replaced.
private func runPair(_ folder: Folder, image: String = "image=image.npy", ids: String = "ids=ids.npy") throws -> [String] {
    try folder.writePair()
    try folder.writeInputs()
    return ["run", "pair.dlir", "--input", image, "--input", ids, "--output-dir", "out"]
}

private func runOne(_ folder: Folder, _ input: String) throws -> [String] {
    try folder.writeOne()
    return ["run", "one.dlir", "--input", input, "--output-dir", "out"]
}

/// A compiled file with its bytes changed.
private func damaged(_ folder: Folder, _ change: (inout [UInt8]) -> Void) throws -> [String] {
    try folder.buildPair()
    var bytes = try folder.bytes("pair.dlc")
    change(&bytes)
    try folder.write(bytes, "pair.dlc")
    return ["run", "pair.dlc", "--random", "--output-dir", "out"]
}

/// An npy file with a header of one's own.
private func npy(_ header: String, data: Int = 64) -> [UInt8] {
    let text = header + "\n"
    return [0x93] + Array("NUMPY".utf8) + [1, 0, UInt8(text.utf8.count & 255), UInt8(text.utf8.count >> 8)] + Array(text.utf8)
        + [UInt8](repeating: 0, count: data)
}

extension BadInput {
    static let models: [BadInput] = [
        BadInput("an absent ONNX model", "absent.onnx", "No such file") { _ in ["run", "absent.onnx"] },
        BadInput("an absent compiled model", "absent.dlc", "No such file") { _ in ["run", "absent.dlc"] },
        BadInput("an absent text model", "absent.dlir", "No such file") { _ in ["inspect", "absent.dlir"] },
        BadInput("a model of another kind", "model.pt", ".onnx") {
            try $0.write("x", "model.pt"); return ["build", "model.pt"]
        },
        BadInput("a folder as ONNX model", "model.onnx") {
            try $0.makeFolder("model.onnx"); return ["build", "model.onnx"]
        },
        BadInput("a folder as compiled model", "model.dlc") {
            try $0.makeFolder("model.dlc"); return ["run", "model.dlc"]
        },
        BadInput("an empty ONNX model", "model.onnx") {
            try $0.write("", "model.onnx"); return ["build", "model.onnx"]
        },
        BadInput("text as ONNX model", "model.onnx") {
            try $0.write("no model", "model.onnx"); return ["build", "model.onnx"]
        },
        BadInput("an empty compiled model", "model.dlc", "empty") {
            try $0.write("", "model.dlc"); return ["run", "model.dlc"]
        },
        BadInput("text as compiled model", "not a compiled") { folder in
            try folder.write(String(repeating: "text ", count: 100), "model.dlc")
            return ["run", "model.dlc"]
        },
        BadInput("a compiled model without its table", "pair.dlc") { try damaged($0) { $0 = Array($0.prefix(64)) } },
        BadInput("a compiled model cut inside its header", "pair.dlc") { try damaged($0) { $0 = Array($0.prefix(40)) } },
        BadInput("a compiled model cut inside its table", "pair.dlc") { try damaged($0) { $0 = Array($0.prefix(200)) } },
        BadInput("a compiled model of another version", "build it again") { try damaged($0) { $0[8] = 200 } },
        BadInput("a compiled model of no known target", "target 99") { try damaged($0) { $0[12] = 99 } },
        BadInput("a compiled model with a changed table", "checksum") { try damaged($0) { $0[100] ^= 1 } },
        BadInput("a compiled model whose table is beyond its end", "damaged") { try damaged($0) { $0[21] = 1 } },
        BadInput("a compiled model that promises more constants", "truncated") { try damaged($0) { $0[38] = 1 } },
        BadInput("a compiled model for another processor", "needs") { folder in
            #if arch(x86_64)
            try folder.buildPair("arm64")
            #else
            try folder.buildPair("x86-64-v4")
            #endif
            return ["run", "pair.dlc", "--random", "--output-dir", "out"]
        },
        BadInput("a text model with an error", "model.dlir", "line 3") { folder in
            try folder.write("graph g(%x: f32[2]) -> (%y) {\n    %y = relu(%x\n}\n", "model.dlir")
            return ["inspect", "model.dlir"]
        },
        BadInput("a text model with an unknown operator", "frobnicate") { folder in
            try folder.write("graph g(%x: f32[2]) -> (%y) {\n    %y = frobnicate(%x)\n}\n", "model.dlir")
            return ["build", "model.dlir"]
        },
        BadInput("a text model that reads what is not computed", "model.dlir") { folder in
            try folder.write("graph g(%x: f32[2]) -> (%y) {\n    %y = relu(%z)\n}\n", "model.dlir")
            return ["build", "model.dlir"]
        },
    ]

    static let inputs: [BadInput] = [
        BadInput("a missing input", "ids", "i64[N]") { folder in
            try folder.writePair()
            try folder.writeInputs()
            return ["run", "pair.dlir", "--input", "image=image.npy", "--output-dir", "out"]
        },
        BadInput("an unknown input", "there is no input picture", "image") { try runPair($0, image: "picture=image.npy") },
        BadInput("an input given twice", "image is given twice") { try runPair($0, ids: "image=image.npy") },
        BadInput("a file for one of two inputs", "NAME=image.npy") { try runPair($0, image: "image.npy") },
        BadInput("an absent file", "absent.npy", "No such file") { try runPair($0, image: "image=absent.npy") },
        BadInput("a file of another kind", "image.txt") { try runPair($0, image: "image=image.txt") },
        BadInput("a file without a kind", "ids") { try runPair($0, image: "image=ids") },
        BadInput("another type", "ids", "i64[N]", "f32") { try runPair($0, ids: "ids=image.npy") },
        BadInput("another rank", "image", "f32[N, 2]") { folder in
            try folder.write(Tensor([1] as [Float], shape: [1]), "flat.npy")
            return try runPair(folder, image: "image=flat.npy")
        },
        BadInput("another extent", "image", "f32[N, 2]", "3") { folder in
            try folder.write(Tensor([1, 2, 3] as [Float], shape: [1, 3]), "wide.npy")
            return try runPair(folder, image: "image=wide.npy")
        },
        BadInput("extents that contradict each other", "dimension N", "image", "ids") { folder in
            try folder.write(Tensor([1, 2, 3] as [Int64], shape: [3]), "three.npy")
            return try runPair(folder, ids: "ids=three.npy")
        },
        BadInput("an empty npy file", "empty.npy") {
            try $0.write("", "empty.npy"); return try runOne($0, "empty.npy")
        },
        BadInput("text as npy", "text.npy", "NUMPY") {
            try $0.write("1, 2, 3", "text.npy"); return try runOne($0, "text.npy")
        },
        BadInput("npy without its data", "short.npy", "needs 64 bytes") { folder in
            try folder.write(npy("{'descr': '<f4', 'fortran_order': False, 'shape': (1, 1, 4, 4), }", data: 60), "short.npy")
            return try runOne(folder, "short.npy")
        },
        BadInput("npy with a shape that overflows", "overflows") { folder in
            try folder.write(npy("{'descr': '<f4', 'fortran_order': False, 'shape': (4294967296, 4294967296), }"), "large.npy")
            return try runOne(folder, "large.npy")
        },
        BadInput("npy with a negative extent", "shape") { folder in
            try folder.write(npy("{'descr': '<f4', 'fortran_order': False, 'shape': (-1, 4), }"), "negative.npy")
            return try runOne(folder, "negative.npy")
        },
        BadInput("npy of objects", "objects.npy") { folder in
            try folder.write(npy("{'descr': '|O', 'fortran_order': False, 'shape': (4,), }"), "objects.npy")
            return try runOne(folder, "objects.npy")
        },
        BadInput("npy without a shape", "bare.npy") { folder in
            try folder.write(npy("{'descr': '<f4', 'fortran_order': False, }"), "bare.npy")
            return try runOne(folder, "bare.npy")
        },
        BadInput("npy whose header is cut", "cut.npy") { folder in
            try folder.write(Array(npy("{'descr': '<f4'").prefix(14)), "cut.npy")
            return try runOne(folder, "cut.npy")
        },
        BadInput("a folder as npy", "folder.npy") {
            try $0.makeFolder("folder.npy"); return try runOne($0, "folder.npy")
        },
        BadInput("text as npz", "text.npz", "zip") {
            try $0.write("PK", "text.npz"); return try runOne($0, "text.npz")
        },
        BadInput("npz with an unknown name", "there is no input colour") { folder in
            try NPZ.write(
                [("image", Tensor([1] as [Float], shape: [1])), ("colour", Tensor([1] as [Float], shape: [1]))], to: folder.path("a.npz"))
            return try runOne(folder, "a.npz")
        },
        BadInput("text as pb", "text.pb") {
            try $0.write("no tensor", "text.pb"); return try runOne($0, "text.pb")
        },
        BadInput("text as PNG", "text.png") {
            try $0.write("no picture", "text.png"); return try runOne($0, "text.png")
        },
        BadInput("text as JPEG", "text.jpg") {
            try $0.write("no picture", "text.jpg"); return try runOne($0, "text.jpg")
        },
        BadInput("a picture for a vector", "image", "no picture") { folder in
            try folder.write("x", "picture.png")
            try folder.writeOne("10")
            return ["run", "one.dlir", "--input", "picture.png"]
        },
        BadInput("a picture for a batch", "batch of 3") { folder in
            try folder.write("x", "picture.png")
            try folder.writeOne("3, 1, 4, 4")
            return ["run", "one.dlir", "--input", "picture.png"]
        },
        BadInput("a random shape of an unknown input", "there is no input x") { folder in
            try folder.writePair()
            return ["run", "pair.dlir", "--random", "--shape", "x=1x2"]
        },
        BadInput("a random shape of another rank", "3 dimensions") { folder in
            try folder.writePair()
            return ["bench", "pair.dlir", "--shape", "image=1x2x3"]
        },
        BadInput("a random shape of other extents", "f32[N, 2]") { folder in
            try folder.writePair()
            return ["inspect", "pair.dlir", "--shape", "image=1x3"]
        },
        BadInput("random shapes that contradict each other", "dimension N") { folder in
            try folder.writePair()
            return ["run", "pair.dlir", "--random", "--shape", "image=1x2", "--shape", "ids=3"]
        },
    ]

    static let outputs: [BadInput] = [
        BadInput("a file where the outputs' folder goes", "out") { folder in
            try folder.write("x", "out")
            return try runPair(folder)
        },
        BadInput("an outputs' folder below a file", "image.npy") { folder in
            try runPair(folder).dropLast() + ["image.npy/out"]
        },
        BadInput("outputs whose files have one name", "a_b") { folder in
            try folder.write("graph g(%x: f32[1]) -> (a/b = %y, a_b = %z) {\n    %y = relu(%x)\n    %z = neg(%x)\n}\n", "g.dlir")
            return ["run", "g.dlir", "--random", "--output-dir", "out"]
        },
        BadInput("a compiled file in an absent folder", "absent") {
            try $0.writeOne(); return ["build", "one.dlir", "-o", "absent/one.dlc"]
        },
        BadInput("a compiled file below a file", "one.dlir/one.dlc") {
            try $0.writeOne(); return ["build", "one.dlir", "-o", "one.dlir/one.dlc"]
        },
        BadInput("a compiled file of another kind", ".dlc") {
            try $0.writeOne(); return ["build", "one.dlir", "-o", "one.bin"]
        },
        BadInput("a compiled file where a folder is", "one.dlc", "folder") { folder in
            try folder.writeOne()
            try folder.makeFolder("one.dlc")
            return ["build", "one.dlir"]
        },
        BadInput("an interface in an absent folder", "absent") { folder in
            try folder.writeOne()
            return ["build", "one.dlir", "-o", "one.dlc", "--swift", "absent/One.swift"]
        },
        BadInput("an exported file of another kind", ".onnx") {
            try $0.writeOne(); return ["export", "one.dlir", "-o", "one.dlc"]
        },
        BadInput("an opset that is not known", "opset 99") {
            try $0.writeOne(); return ["export", "one.dlir", "-o", "one.onnx", "--opset", "99"]
        },
        BadInput("an exported file in an absent folder", "absent") {
            try $0.writeOne(); return ["export", "one.dlir", "-o", "absent/one.onnx"]
        },
        BadInput("a trace in an absent folder", "absent") {
            try $0.writeOne(); return ["bench", "one.dlir", "--seconds", "0", "--trace", "absent/t.json"]
        },
    ]

    static let uses: [BadInput] = [
        BadInput("export of a compiled model", "is compiled") {
            try $0.buildPair(); return ["export", "pair.dlc", "-o", "pair.onnx"]
        },
        BadInput("a stage of a compiled model", "is compiled") {
            try $0.buildPair(); return ["inspect", "pair.dlc", "--stage", "lowered"]
        },
        BadInput("building a compiled model", "is compiled") {
            try $0.buildPair(); return ["build", "pair.dlc", "-o", "again.dlc"]
        },
        BadInput("a pass that is not there", "there is no pass frob") {
            try $0.writeOne(); return ["opt", "--pass", "frob", "one.dlir"]
        },
        BadInput("a comparison with other outputs", "different outputs") { folder in
            try folder.writeOne()
            try folder.write("graph g(%image: f32[1, 1, 4, 4]) -> (%z) {\n    %z = neg(%image)\n}\n", "g.dlir")
            return ["compare", "one.dlir", "g.dlir"]
        },
        BadInput("a comparison with other inputs", "there is no input image") { folder in
            try folder.writeOne()
            try folder.write("graph g(%x: f32[1, 1, 4, 4]) -> (%y) {\n    %y = neg(%x)\n}\n", "g.dlir")
            return ["compare", "one.dlir", "g.dlir"]
        },
        BadInput("a comparison of models that differ", "differ by more than") { folder in
            try folder.writeOne()
            try folder.write("graph g(%image: f32[1, 1, 4, 4]) -> (%y) {\n    %y = neg(%image)\n}\n", "g.dlir")
            return ["compare", "one.dlir", "g.dlir"]
        },
        BadInput("a bench of an absent model", "absent.onnx") { _ in ["bench", "absent.onnx"] },
        BadInput("a bench of a broken model", "model.dlir") {
            try $0.write("graph", "model.dlir"); return ["bench", "model.dlir"]
        },
    ]
}
