import Foundation
import DLCModel
import Testing

/// A network written in Swift and in a model file is the same graph: node by node, with the same names.
@Suite struct BuilderFileTests {
    private static let models = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../Models").standardized

    @Test(arguments: ["mlp", "resnet18", "resnet50", "gpt2"]) func swiftAndFileAreTheSameGraph(_ name: String) throws {
        let built =
            switch name {
            case "mlp": try BuilderModels.mlp()
            case "resnet18": try BuilderModels.resNet(18)
            case "resnet50": try BuilderModels.resNet(50)
            default: try BuilderModels.gpt2()
            }
        let file = try Model.load(Self.models.appending(path: "\(name).dlm").path)
        let (a, b) = (built.graph.text().split(separator: "\n"), file.graph.text().split(separator: "\n"))
        #expect(a.count == b.count)
        for (x, y) in zip(a, b) where x != y {
            Issue.record("in Swift \(x), in the file \(y)")
            break
        }
        #expect(built.parameters.map { "\($0)" } == file.parameters.map { "\($0)" })
    }
}
