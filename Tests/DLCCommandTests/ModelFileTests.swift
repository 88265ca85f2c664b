import DLC
import DLCTensorFiles
import Foundation
import Testing

/// Models in dlc's own language on the command line.
@Suite struct ModelFileCommands {
    @Test func aModelFileIsBuiltRunAndExported() throws {
        let folder = try Folder()
        try folder.write("model Small(x: f32[2, 4], classes = 3) { return y: x.dense(classes).relu() }\n", "small.dlm")
        for arguments in [["build", "small.dlm"], ["export", "small.dlm", "-o", "small.onnx"]] {
            #expect(try Tool.run(arguments, in: folder).status == 0)
        }
        // Parameters are drawn with the same seed, so all three forms compute the same.
        for model in ["small.dlm", "small.dlc", "small.onnx"] {
            let result = try Tool.run(["run", model, "--random", "--output-dir", "from-\(model)"], in: folder)
            #expect(result.status == 0, "\(result.errors)")
        }
        let y = try NPY.read(folder.path("from-small.dlm/y.npy"))
        #expect(y.shape == [2, 3])
        #expect(try folder.bytes("from-small.dlm/y.npy") == folder.bytes("from-small.dlc/y.npy"))
        #expect(try folder.bytes("from-small.dlm/y.npy") == folder.bytes("from-small.onnx/y.npy"))
    }

    @Test func whatAnONNXFileHoldsThatCannotBeCompiledIsListed() throws {
        let folder = try Folder()
        let (known, unknown) = (Array("Relu".utf8), Array("Rxlu".utf8))
        var bytes = Array(try Data(contentsOf: URL(fileURLWithPath: Shipped.digits)))
        let places = bytes.indices.dropLast(known.count).filter { Array(bytes[$0..<$0 + known.count]) == known }
        #expect(places.count > 0)
        for place in places { bytes.replaceSubrange(place..<place + known.count, with: unknown) }
        try folder.write(bytes, "odd.onnx")
        let result = try Tool.run(["inspect", "odd.onnx"], in: folder)
        #expect(result.status == 1)
        #expect(result.errors.contains("operators that are not supported: Rxlu"))
        let lines = result.output.split(separator: "\n").map(String.init)
        #expect(lines.contains { $0.hasPrefix("Rxlu") && $0.hasSuffix("\(places.count)  not supported") }, "\(result.output)")
        #expect(lines.contains { $0.hasPrefix("input   image: f32[") })
    }

    @Test func mistakesAreShownInTheirLines() throws {
        let folder = try Folder()
        try folder.write("model M(x: f32[1, 4]) {\n    y = x.dence(3)\n    return y.rellu()\n}\n", "wrong.dlm")
        let result = try Tool.run(["build", "wrong.dlm"], in: folder)
        #expect(result.status == 1)
        #expect(result.errors.contains("wrong.dlm:2:11: error: no layer or block is called `dence`; did you mean `dense`?"))
        #expect(result.errors.contains("    y = x.dence(3)\n"))
        #expect(folder.contents == ["wrong.dlm"])
    }
}
