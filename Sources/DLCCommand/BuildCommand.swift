import ArgumentParser
import DLC
import DLCTensorFiles

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// `dlc build`: a model becomes a compiled file, and on request a Swift type that runs it.
struct BuildCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "build",
        abstract: "Compile a model into one .dlc file, ready to be mapped and run.",
        discussion: """
            A compiled file is for one processor family. `native` is the strongest that this processor has; a file runs on \
            every processor that has at least what it was built for.

            EXAMPLES
              dlc build resnet50.onnx
              dlc build resnet50.onnx -o app/resnet50.dlc --target x86-64-v3
              dlc build bert.onnx --dim batch=1 --likely sequence=128
              dlc build padded.onnx --shape image=1,3,224,224 --input pads=pads.npy
              dlc build resnet50.dlm --weights resnet50.safetensors
              dlc build learn.dlm --training Learn --set N=64
              dlc build learn.dlm --training Learn --set N=64 --memory 512M --threads 4
              dlc build learn.dlm --training Learn --program predict --weights learned.safetensors -o small.dlc
              dlc build resnet50.onnx --exact
              dlc build gpt2_decoder.dlm --weights gpt2.safetensors --compact int8
              dlc build resnet50.onnx --tune
              dlc build digits.onnx -o digits.dlc --swift Digits.swift
            """)

    @OptionGroup var input: ModelArgument
    @OptionGroup var network: NetworkOption

    @Option(name: .shortAndLong, help: "The file to write; beside where you are, with the model's name, where left out.")
    var output: String?

    @OptionGroup var settling: SettlingOptions
    @OptionGroup var flags: CompileFlags

    @Option(help: "The threads that a session has which keeps to --memory; as many as this machine has processors where left out.")
    var threads: Int?

    @Option(
        name: .customLong("swift"),
        help:
            "Also write a Swift type with a property per input and output, which loads the file from the package's resources; of a training one that learns."
    )
    var interface: String?

    func validate() throws {
        if let threads, !(1...256).contains(threads) { throw ValidationError("--threads expects 1 to 256, found \(threads)") }
    }

    func run() throws {
        let start = ContinuousClock.now
        if threads != nil, flags.memory == nil { throw DLCError("--threads is for --memory; a compiled file runs with any number") }
        let output = self.output ?? ModelFile.stem(input.model) + ".dlc"
        guard ModelFile.isPlan(output) else { throw DLCError("expected a name that ends in .dlc", at: [output]) }
        var options = try input.options(settling)
        options.program = network.program
        let report = CompactReport()
        let image = try ModelFile.compile(input.model, options, flags, threads: threads, report: report, probing: true)
        if let interface {
            let text = TypedInterface(image.plan, resource: ModelFile.stem(output), source: options.training ?? ModelFile.stem(input.model))
                .text
            try Staging.file(interface) {
                try TextFile.write(text, to: $0)
                try Staging.file(output) { try PlanFile.write(image, to: $0) }
            }
        } else {
            try Staging.file(output) { try PlanFile.write(image, to: $0) }
        }
        let size = try MappedFile(path: output).bytes.count
        let plans = image.plan.schedule == nil ? [image.plan] : image.plan.programs
        let steps = "\(plans.reduce(0) { $0 + $1.steps.count }) steps\(image.plan.schedule == nil ? "" : " in \(plans.count) pieces")"
        let arena = image.plan.schedule == nil ? (try? image.plan.buffers(under: [:])).map { ", arena \(Format.bytes($0.peak))" } ?? "" : ""
        let seconds = Format.fixed(start.duration(to: .now) / .seconds(1), 2)
        print("\(output): \(Format.bytes(size)), \(steps)\(arena), for \(image.plan.target.name), in \(seconds) s")
        if flags.compact != nil { print(report.line ?? "there was no product with constant weights to keep in fewer bits") }
    }
}

/// A small file of text.
enum TextFile {
    static func write(_ text: String, to path: String) throws {
        guard let file = fopen(path, "wb") else { throw DLCError("cannot write: \(String(cString: strerror(errno)))", at: [path]) }
        let bytes = Array(text.utf8)
        let count = bytes.withUnsafeBytes { fwrite($0.baseAddress, 1, $0.count, file) }
        guard fclose(file) == 0, count == bytes.count else {
            throw DLCError("cannot write: \(String(cString: strerror(errno)))", at: [path])
        }
    }
}
