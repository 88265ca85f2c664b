import DLC
import DLCTensorFiles
import Foundation
import Testing

/// Sequences and optionals of `dlc run`: folders of arrays and ONNX's own files, in and out.
@Suite(.serialized) struct SequenceCommandTests {
    static let model = """
        graph g(%x: sequence of f32[?, 2], %o: optional i64[3]) -> (%y, %n, %p, %h) {
            %k = constant {value: i64[] (0)}
            %t: f32[at.1, 2] = sequence_at(%x, %k)
            %r: f32[at.1, 2] = relu(%t)
            %y: sequence of f32[?, 2] = sequence_insert(%x, %r)
            %n: i64[] = sequence_length(%y)
            %p: optional i64[3] = optional() {type: optional i64[3]}
            %h: bool[] = optional_has_element(%o)
        }

        """

    private func prepared() throws -> Folder {
        let folder = try Folder()
        try folder.write(Self.model, "g.dlir")
        try FileManager.default.createDirectory(atPath: folder.path("x"), withIntermediateDirectories: false)
        try folder.write(Tensor([1, -2] as [Float], shape: [1, 2]), "x/0.npy")
        try folder.write(Tensor([3, -4, 5, -6] as [Float], shape: [2, 2]), "x/1.npy")
        return folder
    }

    @Test func aFolderOfArraysIsASequenceInAndOut() throws {
        let folder = try prepared()
        let shown = try Tool.run(["run", "g.dlir", "--input", "x=x"], in: folder)
        #expect(shown.status == 0, "\(shown.errors)")
        #expect(shown.output.contains("y: a sequence of 3 tensors\n  y[0]: f32[1, 2] = 1, -2\n  y[1]: f32[2, 2] = 3, -4, 5, -6\n"))
        #expect(shown.output.contains("p: nothing, of optional i64[3]") && shown.output.contains("h: bool[] = false"))
        #expect(try Tool.run(["run", "g.dlir", "--input", "x=x", "--output-dir", "out"], in: folder).status == 0)
        #expect(folder.contents.filter { $0.hasPrefix("out/") } == ["out/h.npy", "out/n.npy", "out/y", "out/y/0.npy", "out/y/1.npy", "out/y/2.npy"])
        #expect(try NPY.read(folder.path("out/y/2.npy")) == Tensor([1, 0] as [Float], shape: [1, 2]))
    }

    @Test func onnxFilesOfSequencesAndOptionalsComeBack() throws {
        let folder = try prepared()
        let tensors = [try Tensor([1, -2] as [Float], shape: [1, 2])]
        try ONNXDataFile.write(.sequence(tensors), .sequence, name: "x", to: folder.path("x.pb"))
        let held = try Tensor([1, 2, 3] as [Int64], shape: [3])
        try ONNXDataFile.write(.tensor(held), .optional, name: "o", to: folder.path("o.pb"))
        try ONNXDataFile.write(.absent, .optional, name: "o", to: folder.path("nothing.pb"))
        for (file, isThere) in [("o.pb", true), ("nothing.pb", false)] {
            let arguments = ["run", "g.dlir", "--input", "x=x.pb", "--input", "o=\(file)", "--output-dir", "out", "--output-format", "pb"]
            let result = try Tool.run(arguments, in: folder)
            #expect(result.status == 0, "\(result.errors)")
            let y = try ONNXDataFile.read(folder.path("out/y.pb"), .sequence).tensors
            #expect(try y == tensors + [Tensor([1, 0] as [Float], shape: [1, 2])])
            #expect(try ONNXDataFile.read(folder.path("out/p.pb"), .optional).isAbsent)
            #expect(try ONNXTensorFile.read(folder.path("out/h.pb")).tensor.integers() == [isThere ? 1 : 0])
            try FileManager.default.removeItem(atPath: folder.path("out"))
        }
    }

    @Test func whatIsNotGivenOrDoesNotFitIsSaid() throws {
        let folder = try prepared()
        func errors(_ arguments: String...) throws -> String { try Tool.run(["run", "g.dlir"] + arguments, in: folder).errors }
        #expect(try errors().contains("input x is missing; expected sequence of f32[?, 2]"))
        #expect(try Tool.run(["run", "g.dlir"], in: folder).output.hasPrefix("type\n  dlc run g.dlir --input x=x/\nor, "))
        #expect(try errors("--input", "x=x", "--sequence-limit", "1").contains("the limit is 1"))
        #expect(try errors("--input", "x=x/0.npy").contains("expected a folder of .npy files or a .pb"))
        try folder.write(Tensor([1, 2, 3] as [Float], shape: [1, 3]), "x/2.npy")
        #expect(try errors("--input", "x=x").contains("f32[1, 3] as tensor 2 of a sequence"))
        try FileManager.default.removeItem(atPath: folder.path("x/1.npy"))
        #expect(try errors("--input", "x=x").contains("no 1.npy"))
        try folder.write("hello", "x.pb")
        #expect(try errors("--input", "x=x.pb").contains("x.pb"))
        #expect(try Tool.run(["inspect", "g.dlir"], in: folder).output.contains("x: sequence of f32[?, 2]"))
    }

    @Test func whatIsMissingIsListedWithACommandThatRuns() throws {
        let folder = try Folder()
        try folder.writePair()
        let result = try Tool.run(["run", "pair.dlir"], in: folder)
        #expect(result.errors.contains("2 inputs are missing: image f32[N, 2], ids i64[N]"))
        let lines = [
            "type", "  dlc run pair.dlir --input image=image.npy --input ids=ids.npy", "or, for random values,",
            "  dlc run pair.dlir --random --dim N=8",
        ]
        #expect(result.output.split(separator: "\n").map(String.init) == lines)
        #expect(try Tool.run(["run", "pair.dlir", "--random", "--dim", "N=8"], in: folder).status == 0)
        try folder.writeOne()
        #expect(try Tool.run(["run", "one.dlir"], in: folder).output.contains("--input image=image.png\n"))
    }

    @Test func generatedTypesHaveArraysAndOptionals() throws {
        let folder = try prepared()
        #expect(try Tool.run(["build", "g.dlir", "-o", "g.dlc", "--swift", "G.swift"], in: folder).status == 0)
        let text = try String(contentsOfFile: folder.path("G.swift"), encoding: .utf8)
        #expect(text.contains("public func run(x: [Tensor], o: Tensor?) throws -> Outputs"))
        #expect(text.contains("public let y: [Tensor]") && text.contains("public let p: Tensor?") && text.contains("public let n: Tensor\n"))
        #expect(text.contains("self.y = try Self.tensor(\"y\", of: tensors).tensors"))
    }
}
