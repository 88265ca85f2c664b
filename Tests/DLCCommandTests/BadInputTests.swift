import Foundation
import Testing

@Suite(.serialized) struct BadInputs {
    @Test(arguments: BadInput.models + BadInput.inputs + BadInput.outputs + BadInput.uses + BadInput.weights)
    func giveOneErrorAndLeaveNothing(_ bad: BadInput) throws {
        let folder = try Folder()
        let arguments = try bad.prepare(folder)
        let before = folder.contents
        let result = try Tool.run(arguments, in: folder)
        #expect(result.status == 1, "\(result.errors)")
        let lines = result.errors.split(separator: "\n")
        #expect(lines.count == 1 && result.errors.hasPrefix("error: "), "\(result.errors)")
        for word in bad.words { #expect(result.errors.contains(word), "\(result.errors)") }
        #expect(folder.contents == before)
    }

    @Test(arguments: [
        [], ["run"], ["frobnicate"], ["run", "a.dlir", "--threads", "0"], ["run", "a.dlir", "--threads", "many"],
        ["run", "a.dlir", "--output-format", "png"], ["run", "a.dlir", "--shape", "x=1x2"],
        ["run", "a.dlir", "--random", "--shape", "x=1x-2"],
        ["run", "a.dlir", "--random", "--shape", "1x2"], ["build", "a.dlir", "--target", "pdp11"], ["bench", "a.dlir", "--seconds", "-1"],
        ["bench", "a.dlir", "--sort", "time"], ["bench", "a.dlir", "--profile", "--sort", "size"], ["compare", "a.dlir"],
        ["compare", "a.dlir", "b.dlir", "--reference"], ["export", "a.onnx"],
        ["opt", "a.dlir"], ["inspect", "a.dlir", "--text", "--dot"], ["inspect", "a.dlir", "--stage", "upper"],
    ])
    func wrongUsageHasStatus64(_ arguments: [String]) throws {
        let folder = try Folder()
        let result = try Tool.run(arguments, in: folder)
        // Without a command the help is shown, as asked for.
        #expect(result.status == (arguments.isEmpty ? 0 : 64), "\(result.errors)")
        #expect(folder.contents.isEmpty)
    }
}
