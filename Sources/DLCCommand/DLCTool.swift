import ArgumentParser
import DLC
import Foundation

/// The command line: 0 for success, 1 for a failure with `error: …` on standard error, 64 for wrong usage.
@main
struct DLCTool: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "dlc",
        abstract: "Compiles neural networks ahead of time, and runs, measures and inspects them.",
        discussion: "MODEL is an .onnx file, a .dlir text graph, or, where nothing is compiled, a .dlc plan.",
        subcommands: [
            BuildCommand.self, RunCommand.self, InspectCommand.self, BenchCommand.self, CompareCommand.self,
            ExportCommand.self, OptCommand.self,
        ])

    static func main() {
        do {
            var command = try parseAsRoot()
            try command.run()
        } catch let error as DLCError {
            FileHandle.standardError.write(Data("error: \(error)\n".utf8))
            exit(withError: ExitCode.failure)
        } catch {
            exit(withError: error)
        }
    }
}
