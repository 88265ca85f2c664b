import DLC

extension GradientCase {
    /// What operators' own examples do not show, at points where there is a derivative.
    static let further: [GradientCase] = (try? makeFurther()) ?? []

    private static func makeFurther() throws -> [GradientCase] {
        func random(_ seed: UInt64, _ shape: [Int]) throws -> Tensor { try .random(seed: seed, type: .float64, shape: shape) }
        func vector(_ values: [Double]) throws -> Tensor { try Tensor(values, shape: [values.count]) }
        func ints(_ values: [Int64], _ shape: [Int]) throws -> Tensor { try Tensor(values, shape: shape) }
        func scalar(_ value: Double) throws -> Tensor { try Tensor([value], shape: []) }
        var cases: [Example] = []

        var truncating = Binary(.mod)
        truncating.fmod = true
        for op in [Binary(.mod), truncating] {
            cases.append(Example("mod", op, [try vector([5.3, -5.3, 2.2, -0.7]), try vector([2, 2.3, -0.9, -3])]))
        }
        cases.append(Example("pow, negative exponent", Binary(.pow), [try vector([0.5, 2]), try scalar(-1.5)]))
        for (low, exponent) in [(2.0, 2.0), (1, 3), (1, 1), (0.3, 0), (0.5, 0.5)] {
            cases.append(Example("pow \(exponent)", Binary(.pow), [try vector([low, low + 0.5]), try Tensor([exponent], shape: [1, 1])]))
        }
        cases.append(Example("range", RangeOf(), [try scalar(0.5), try scalar(3), try scalar(0.75)]))

        // Two updates to one place, one of them zero, and one place untouched.
        let indices = try ints([0, 2, 0, 1], [4])
        for reduction in [ScatterReduction.none, .add, .mul, .max, .min] {
            for updates in [[0.5, 2, -1.5, 0.75], [0, 2, -1.5, 0.75]] {
                cases.append(
                    Example(
                        "\(reduction) \(updates[0])", ScatterElements(reduction: reduction),
                        [try vector([1.25, -0.5, 0.25, 3]), indices, try vector(updates)]))
            }
            cases.append(
                Example(
                    "\(reduction) of slices", ScatterND(reduction: reduction),
                    [try random(1, [3, 2]), try ints([2, 0, 2], [3, 1]), try random(2, [3, 2])]))
        }
        cases.append(Example("values", OneHot(depth: 3, axis: 0), [try ints([1, -1, 7], [3]), try vector([0.25, 2])]))

        let quantized = try Tensor.random(seed: 3, type: .int8, shape: [2, 5, 3])
        cases += [
            Example("per tensor", DequantizeLinear(), [quantized, try scalar(0.5), try Tensor([3] as [Int8], shape: [])]),
            Example("per axis", DequantizeLinear(axis: -1), [quantized, try random(4, [3])]),
            Example("blocked", DequantizeLinear(axis: 1, blockSize: 2), [quantized, try random(5, [2, 3, 3])]),
        ]

        cases += [
            Example(
                "remainder", Conv(strides: [3, 2], pads: [0, 1, 0, 0]), [try random(6, [1, 2, 7, 8]), try random(7, [3, 2, 2, 3])]),
            Example(
                "front cropped", Conv(strides: [1, 1], pads: [-1, 0, 1, -1]), [try random(6, [1, 2, 5, 5]), try random(7, [3, 2, 2, 2])]),
            Example(
                "channels last, grouped", Conv(strides: [2, 2], pads: [1, 1, 1, 1], group: 2, channelsLast: true),
                [try random(8, [2, 5, 4, 4]), try random(9, [6, 2, 3, 3]), try random(10, [6])]),
            Example(
                "more padding than stride", ConvTranspose(strides: [1, 2], pads: [0, 1, 0, 1], outputPadding: [2, 3], group: 2),
                [try random(11, [1, 4, 3, 3]), try random(12, [4, 2, 2, 3]), try random(13, [4])]),
        ]
        for mode in [PadMode.reflect, .edge, .wrap] {
            cases.append(Example("\(mode), cropped", Pad(pads: [-1, 1, 3, -2], mode: mode), [try random(14, [5, 4])]))
        }
        cases.append(Example("a value, cropped", Pad(pads: [-1, 2, 3, -2]), [try random(14, [5, 4]), try scalar(2)]))
        cases.append(Example("backwards, apart", Slice(starts: [6, 1], sizes: [3, 2], steps: [-3, 2]), [try random(15, [8, 6])]))

        var cubes = Pool(.lp, kernel: [2, 3], strides: [2, 1], pads: [1, 0, 0, 1])
        (cubes.p, cubes.ceilMode) = (3, true)
        var last = Pool(.lp, kernel: [2, 2], strides: [2, 2])
        last.channelsLast = true
        cases += [Example("p 3", cubes, [try random(16, [2, 2, 4, 5])]), Example("last", last, [try random(17, [1, 5, 4, 3])])]

        let (q, k, v) = (try random(18, [2, 4, 3, 5]), try random(19, [2, 2, 5, 5]), try random(20, [2, 2, 5, 2]))
        cases += [
            Example("causal, few rows", Attention(scale: 0.5, causal: true), [q, k, v]),
            Example(
                "causal, many rows", Attention(scale: 0.5, causal: true),
                [try random(18, [1, 2, 5, 4]), try random(19, [1, 2, 3, 4]), try random(20, [1, 2, 3, 2])]),
            Example("kept where true", Attention(scale: 0.5), [q, k, v, try Tensor([true, false, true, true, false], shape: [5])]),
        ]
        var group = GroupNormalization(groups: 2, epsilon: 1e-3)
        cases.append(Example("vectors", group, [try random(21, [3, 6]), try random(22, [6]), try random(23, [6])]))
        group.channelsLast = true
        cases.append(Example("channels last", group, [try random(21, [2, 3, 2, 4]), try random(22, [4]), try random(23, [4])]))
        // A second derivative between zeros of a product is one of the few that rules do not have.
        return cases.map { GradientCase($0, isTwice: $0.name != "mul 0.0") }
    }
}
