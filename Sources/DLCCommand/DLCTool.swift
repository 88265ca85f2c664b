import ArgumentParser
import DLC
import DLCModel

/// The command line. Ends with 0; with 1 and one line `error: …` on standard error where a model, a file or a run is
/// at fault; with 64 where the usage is wrong.
@main
struct DLCTool: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "dlc",
        abstract: "Compiles neural networks ahead of time and runs them.",
        discussion: """
            A MODEL is an .onnx file, a .dlm file (a network in dlc's language), a .dlir file (the text form of a graph) or a \
            compiled .dlc file.

            EXAMPLES
              dlc run Models/digits.onnx --input Models/digits/seven.png
              dlc build resnet50.onnx -o resnet50.dlc
              dlc build resnet50.dlm --weights resnet50.safetensors
              dlc inspect resnet50.onnx
              dlc bench resnet50.onnx --threads 1
            """,
        subcommands: [
            BuildCommand.self, RunCommand.self, InspectCommand.self, BenchCommand.self, ExportCommand.self, CompareCommand.self,
            OptCommand.self, QuantizeCommand.self, TrainCommand.self, EvaluateCommand.self, SearchCommand.self, ExplainCommand.self,
            SampleCommand.self, GenerateCommand.self, FormatCommand.self, LayersCommand.self, MachineCommand.self,
        ])

    static func main() {
        do {
            var command = try parseAsRoot()
            try command.run()
            guard Output.flush() else { throw DLCError("standard output cannot be written") }
        } catch var error as DLCError {
            // A file that several layers name is named once.
            error.path = error.path.indices.filter { $0 == 0 || error.path[$0] != error.path[$0 - 1] }.map { error.path[$0] }
            Console.fail(error.description)
        } catch let errors as ModelErrors {
            Console.fail(report: errors.description)
        } catch let mismatch as WeightMismatch {
            Console.fail(report: "error: \(mismatch)")
        } catch {
            exit(withError: error)
        }
    }
}
