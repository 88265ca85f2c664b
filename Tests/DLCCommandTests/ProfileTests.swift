import CKernels
import DLC
import Foundation
import Testing

@testable import DLCCommand

/// What `dlc bench` says about the steps of a model.
@Suite(.serialized) struct Profiles {
    private func bench(_ arguments: [String], in folder: Folder) throws -> String {
        let result = try Tool.run(["bench"] + arguments + ["--seconds", "0", "--threads", "1"], in: folder)
        #expect(result.status == 0 && result.errors.isEmpty, "\(result.errors)")
        return result.output
    }

    private func object(_ text: String) throws -> [String: Any] {
        try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
    }

    @Test func aProfileHasARowPerStepAndPerKernel() throws {
        let folder = try Folder()
        let lines = try bench([Shipped.digits, "--profile", "--shape", "image=1x1x8x8"], in: folder).split(separator: "\n").map(String.init)
        let header = try #require(lines.firstIndex { $0.contains("kernel") && $0.contains("roofline") })
        for title in ["step", "layer", "operator", "result", "µs", "share", "GFLOP/s", "GB/s", "of"] {
            #expect(lines[header].contains(title), "\(title)")
        }
        let rules = lines.indices.filter { lines[$0].hasPrefix("─") }
        #expect(rules.count == 3)
        #expect(lines[(rules[0] + 1)..<rules[1]].allSatisfy { $0.contains("arithmetic") || $0.contains("bytes") })
        #expect(lines.contains { $0.contains("between steps") } && lines.contains { $0.contains("GFLOP/s; reading at") })
    }

    /// The steps of programs inside a loop count as often as it goes round.
    @Test func aScheduleHasTheStepsOfAllItsPrograms() throws {
        let folder = try Folder()
        try folder.write(
            """
            graph g(%x: f32[3]) -> (%y, %p) {
                %n = constant {value: i64[] (5)}
                %y = loop(%n, _, %x) {body: graph body(%i: i64[], %go: bool[], %s: f32[3]) -> (goes_on = %go, %t) {
                    %t = exp(%s)
                }, carried: 1}
                %p = non_zero(%x)
            }

            """, "g.dlir")
        let whole = try object(try bench(["g.dlir", "--profile", "--json"], in: folder))
        let steps = try #require(whole["steps"] as? [[String: Any]])
        #expect(steps.contains { $0["times"] as? Int == 5 && $0["program"] is Int })
        #expect(steps.contains { $0["kernel"] as? String == "non_zero" && $0["times"] as? Int == 1 })
        #expect(try bench(["g.dlir", "--profile"], in: folder).contains("numbered by program and step"))
        #expect(try Tool.run(["build", "g.dlir", "-o", "g.dlc"], in: folder).status == 0)
        let inspected = try Tool.run(["inspect", "g.dlc"], in: folder).output
        #expect(inspected.contains("programs, in an order that data decide") && inspected.contains("exp"), "\(inspected)")
    }

    @Test func stepsSortByTime() throws {
        let folder = try Folder()
        let lines = try bench([Shipped.digits, "--profile", "--sort", "time", "--shape", "image=64x1x8x8"], in: folder).split(
            separator: "\n")
        let rules = lines.indices.filter { lines[$0].hasPrefix("─") }
        let shares = lines[(rules[0] + 1)..<rules[1]].compactMap { line in
            line.firstRange(of: " %").flatMap { Double(line[..<$0.lowerBound].split(separator: " ").last ?? "") }
        }
        #expect(shares.count > 3 && shares == shares.sorted(by: >), "\(shares)")
    }

    @Test func theSameAsJSON() throws {
        let folder = try Folder()
        let whole = try object(try bench([Shipped.digits, "--profile", "--json", "--shape", "image=64x1x8x8"], in: folder))
        #expect(whole["median_ms"] as? Double ?? 0 > 0)
        #expect((whole["machine"] as? [String: Any])?["gflops"] as? Double ?? 0 > 1)
        #expect(whole["between_steps_us"] as? Double ?? -1 >= 0)
        let steps = try #require(whole["steps"] as? [[String: Any]])
        let kernels = try #require(whole["kernels"] as? [[String: Any]])
        #expect(kernels.reduce(0) { $0 + ($1["steps"] as? Int ?? 0) } == steps.count)
        #expect(abs(steps.reduce(0) { $0 + ($1["share"] as? Double ?? 0) } - 1) < 1e-3)
        for step in steps {
            for key in ["us", "gflops", "gbytes_per_s", "roofline", "flop", "flop_performed", "bytes"] {
                #expect(step[key] is NSNumber, "\(key)")
            }
            #expect(["arithmetic", "bytes"].contains(step["bound"] as? String))
        }
        #expect(steps.contains { ($0["kernel"] as? String)?.hasPrefix("conv ") == true })
    }

    @Test func aTraceOpensInPerfetto() throws {
        let folder = try Folder()
        _ = try bench([Shipped.digits, "--trace", "t.json", "--shape", "image=1x1x8x8"], in: folder)
        let trace = try object(String(decoding: try folder.bytes("t.json"), as: UTF8.self))
        #expect(["ms", "ns"].contains(trace["displayTimeUnit"] as? String))
        let events = try #require(trace["traceEvents"] as? [[String: Any]])
        let (names, steps) = (events.filter { $0["ph"] as? String == "M" }, events.filter { $0["ph"] as? String == "X" })
        #expect(names.count == 2 && names.count + steps.count == events.count && steps.count > 3)
        var end = 0.0
        for step in steps {
            let (start, length) = (try #require(step["ts"] as? Double), try #require(step["dur"] as? Double))
            #expect(length >= 0 && abs(start - end) < 0.01)
            end = start + length
            #expect((step["name"] as? String)?.isEmpty == false && step["pid"] as? Int == 1 && step["tid"] as? Int == 1)
            let arguments = try #require(step["args"] as? [String: Any])
            #expect(
                (arguments["result"] as? String)?.contains("f32[") == true && arguments["GFLOP/s"] is Double && arguments["layer"] is String
            )
        }
    }
}

/// What bounds the time of a step.
@Suite struct StepCosts {
    private func operand(_ location: Plan.Location, _ shape: [Int], strides: [Int]? = nil) -> Plan.Operand {
        var dense = [Int](repeating: 1, count: shape.count)
        for axis in shape.indices.dropLast().reversed() { dense[axis] = dense[axis + 1] * shape[axis + 1] }
        return Plan.Operand(location: location, type: .float32, shape: shape.map { Dim($0) }, strides: (strides ?? dense).map { Dim($0) })
    }

    private func conv(_ algorithm: Int) -> Plan.Step {
        let kernel = ConvolutionKernel {
            $0.algorithm = dlc_conv_algorithm(rawValue: UInt8(algorithm))
            ($0.window.kernel, $0.window.stride, $0.window.dilation) = ([3, 3], [1, 1], [1, 1])
        }
        return Plan.Step(
            kernel: kernel, name: "conv", summary: "conv",
            operands: [operand(.buffer(0), [1, 14, 14, 8]), operand(.constant(0), [1000]), nil, nil, nil],
            results: [operand(.buffer(1), [1, 14, 14, 16])], operations: Dim(2 * 14 * 14 * 16 * 8 * 9))
    }

    @Test func winogradMakesItsOwnProducts() {
        // Four tiles of 4 × 4 cover 14 pixels, and seven of 2 × 2; a tile has 36 or 16 products.
        #expect(StepCost(conv(2), [:]).performed == 2 * 4 * 4 * 36 * 8 * 16)
        #expect(StepCost(conv(1), [:]).performed == 2 * 7 * 7 * 16 * 8 * 16)
        #expect(StepCost(conv(0), [:]).performed == 2 * 14 * 14 * 16 * 8 * 9)
        #expect([0, 1, 2, 3].map { conv($0).kernel.label } == ["conv igemm", "conv winograd 2x2", "conv winograd 4x4", "conv depthwise"])
    }

    @Test func bytesCountOnce() {
        let cost = StepCost(conv(0), [:])
        #expect(cost.constants == 4000 && cost.read == Double(4 * 14 * 14 * 8) && cost.written == Double(4 * 14 * 14 * 16))
        // What a broadcast repeats counts once.
        let step = Plan.Step(
            kernel: ProgramKernel(), name: "", summary: "add",
            operands: [operand(.buffer(0), [8, 100]), operand(.buffer(1), [8, 100], strides: [0, 1])],
            results: [operand(.buffer(2), [8, 100])])
        #expect(StepCost(step, [:]).read == 4 * 900)
    }

    @Test func aGatherReadsWhatItGives() {
        let step = Plan.Step(
            kernel: GatherKernel(), name: "", summary: "gather", operands: [operand(.constant(0), [50000, 64]), operand(.input(0), [10])],
            results: [operand(.buffer(0), [10, 64])])
        #expect(StepCost(step, [:]).constants == 4 * 640)
    }

    @Test func recurrentWeightsAreReadAtEachStep() {
        // Ten time steps, 32 inputs, 64 hidden units, one gate.
        let step = Plan.Step(
            kernel: RecurrentKernel { $0.hidden = 64 }, name: "", summary: "rnn",
            operands: [operand(.input(0), [10, 1, 32]), operand(.constant(0), [64 * 96]), nil, nil, nil],
            results: [operand(.buffer(0), [10, 1, 1, 64])])
        #expect(StepCost(step, [:]).constants == Double(4 * 64 * (32 + 10 * 64)))
    }
}
