import DLCGraph

/// ONNX `auto_pad`.
public enum AutoPad: String, Sendable, CaseIterable, AttributeConvertible {
    case notSet = "NOTSET", sameUpper = "SAME_UPPER", sameLower = "SAME_LOWER", valid = "VALID"
}

/// Windows that slide over the spatial dimensions, as in convolution and pooling.
struct Windows {
    var kernel: [Int]
    var strides: [Int]
    var dilations: [Int]
    /// In front of each spatial dimension, then behind each.
    var pads: [Dim]

    var rank: Int { kernel.count }

    /// - Throws: where the lists do not have one entry per spatial dimension, or an entry makes no sense.
    func check(spatial: Int) throws {
        for (name, list) in [("kernel", kernel), ("strides", strides), ("dilations", dilations)] {
            guard list.count == spatial else { throw DLCError("\(name) \(list) has \(list.count) entries; expected \(spatial)") }
            if let bad = list.first(where: { $0 < 1 || $0 > 1 << 30 }) {
                throw DLCError("\(name) \(list) holds \(bad); expected at least 1")
            }
        }
        if let bad = pads.first(where: { $0.constant.map { $0.magnitude > 1 << 40 } ?? false }) {
            throw DLCError("pads \(pads.text) hold \(bad)")
        }
        guard pads.count == 2 * spatial else { throw DLCError("pads \(pads.text) has \(pads.count) entries; expected \(2 * spatial)") }
    }

    /// Requires what pooling needs beside: padding of at least 0, as in ONNX. A convolution's may cut off.
    func requirePadding(_ context: inout InferContext) throws {
        for pad in pads { try context.require(.atLeast, pad, 0, "padding of a pooling is at least 0, not \(pad)") }
    }

    /// The extent that a kernel covers along a dimension.
    func reach(_ axis: Int) throws -> Int { try Checked.add(Checked.multiply(kernel[axis] - 1, dilations[axis]), 1) }

    /// The number of windows along each dimension, of which at least one must fit.
    func counts(_ extents: [Dim], ceilMode: Bool = false, _ context: inout InferContext) throws -> [Dim] {
        let result = try counts(extents, ceilMode: ceilMode)
        for axis in extents.indices {
            let padded = try extents[axis].plus(pads[axis]).plus(pads[axis + rank])
            let reach = try reach(axis)
            let least = reach - (ceilMode ? strides[axis] - 1 : 0)
            try context.require(.atLeast, padded, Dim(least), "a window of \(reach) fits \(padded) along spatial dimension \(axis)")
        }
        return result
    }

    /// The number of windows along each dimension.
    /// - Parameter ceilMode: counts a last window that hangs over the end, if it starts inside input and front padding.
    func counts(_ extents: [Dim], ceilMode: Bool = false) throws -> [Dim] {
        try extents.indices.map { axis in
            let padded = try extents[axis].plus(pads[axis]).plus(pads[axis + rank])
            let room = try padded.minus(Dim(reach(axis)))
            if let room = room.constant, room < 0, !ceilMode || room + strides[axis] <= 0 {
                throw DLCError("a window of \(try reach(axis)) does not fit \(padded) along spatial dimension \(axis)")
            }
            let stride = Dim(strides[axis])
            guard ceilMode else { return try room.quotient(stride).plus(1) }
            let started = try extents[axis].plus(pads[axis]).ceilingQuotient(stride)
            return try Dim.min(try room.ceilingQuotient(stride).plus(1), started)
        }
    }

    /// Pads that `auto_pad` asks for.
    static func pads(_ mode: AutoPad, _ extents: [Dim], kernel: [Int], strides: [Int], dilations: [Int]) throws -> [Dim] {
        var (front, back): ([Dim], [Dim]) = ([], [])
        for axis in extents.indices {
            guard mode == .sameUpper || mode == .sameLower else {
                front.append(0)
                back.append(0)
                continue
            }
            let reach = try Checked.add(Checked.multiply(kernel[axis] - 1, dilations[axis]), 1)
            let stride = Dim(strides[axis])
            let total =
                strides[axis] == 1
                ? Dim(reach - 1)
                : try Dim.max(0, extents[axis].ceilingQuotient(stride).minus(1).times(stride).plus(Dim(reach)).minus(extents[axis]))
            let less = try total.quotient(2)
            let more = try total.minus(less)
            front.append(mode == .sameUpper ? less : more)
            back.append(mode == .sameUpper ? more : less)
        }
        return front + back
    }

    /// Reads `kernel_shape`, `strides`, `dilations`, `pads` and `auto_pad` of an ONNX node.
    /// - Parameters:
    ///   - kernel: what the weights say, where there are weights.
    ///   - padsDilate: whether `auto_pad` counts the gaps that dilations leave. Pooling in ONNX Runtime does not, so that fewer
    ///     windows come of it than the specification says.
    static func read(_ reader: ONNXReader, extents: [Dim], kernel weights: [Int]?, padsDilate: Bool = true) throws -> Windows {
        let spatial = extents.count
        let ones = [Int](repeating: 1, count: spatial)
        let given: [Int]? = try reader.attribute("kernel_shape")
        guard let kernel = weights ?? given else { throw DLCError("attribute kernel_shape is missing") }
        if let given, given != kernel { throw DLCError("kernel_shape \(given) contradicts weights with kernel \(kernel)") }
        let strides: [Int] = try reader.attribute("strides") ?? ones
        let dilations: [Int] = try reader.attribute("dilations") ?? ones
        let mode: AutoPad = try reader.attribute("auto_pad") ?? .notSet
        let explicit: [Int]? = try reader.attribute("pads")
        guard kernel.count == spatial, strides.count == spatial, dilations.count == spatial,
            (kernel + strides + dilations).allSatisfy({ $0 >= 1 && $0 <= 1 << 30 })
        else {
            throw DLCError("kernel \(kernel), strides \(strides) and dilations \(dilations) must have \(spatial) entries of at least 1")
        }
        let pads: [Dim]
        if mode == .notSet {
            pads = (explicit ?? ones.map { _ in 0 } + ones.map { _ in 0 }).map { Dim($0) }
        } else {
            pads = try Self.pads(mode, extents, kernel: kernel, strides: strides, dilations: padsDilate ? dilations : ones)
        }
        let windows = Windows(kernel: kernel, strides: strides, dilations: dilations, pads: pads)
        try windows.check(spatial: spatial)
        return windows
    }

    /// The attributes of an ONNX node over an image with the given extents. Pads that depend on symbols are written as
    /// the `auto_pad` that gives them.
    /// - Parameter padsDilate: as for `read`.
    func attributes(_ extents: [Dim], padsDilate: Bool = true) throws -> [(name: String, value: AttributeValue)] {
        let gaps = padsDilate ? dilations : dilations.map { _ in 1 }
        let common: [(name: String, value: AttributeValue)] = [
            ("kernel_shape", .ints(kernel)), ("strides", .ints(strides)), ("dilations", .ints(dilations)),
        ]
        if let pads = pads.constants { return common + [("pads", .ints(pads))] }
        for mode in [AutoPad.sameUpper, .sameLower]
        where try Self.pads(mode, extents, kernel: kernel, strides: strides, dilations: gaps) == pads {
            return common + [("auto_pad", .string(mode.rawValue))]
        }
        throw DLCError("pads \(pads.text) depend on symbols, which ONNX cannot say")
    }
}

/// Access to `[N, C, spatial…]` tensors, or `[N, spatial…, C]` with channels last.
struct ImageIndex {
    let shape: [Int]
    let strides: [Int]
    let channelsLast: Bool

    init(_ shape: [Int], channelsLast: Bool) {
        self.shape = shape
        self.channelsLast = channelsLast
        strides = Oracle.strides(shape)
    }

    var channelAxis: Int { channelsLast ? shape.count - 1 : 1 }
    var channels: Int { shape[channelAxis] }
    var spatial: [Int] { channelsLast ? Array(shape[1..<(shape.count - 1)]) : Array(shape[2...]) }

    /// The shape of an image with other channels and extents.
    static func shape<T>(_ batch: T, _ channels: T, _ spatial: [T], channelsLast: Bool) -> [T] {
        channelsLast ? [batch] + spatial + [channels] : [batch, channels] + spatial
    }

    func offset(_ batch: Int, _ channel: Int, _ position: [Int]) -> Int {
        var offset = batch * strides[0] + channel * strides[channelAxis]
        let first = channelsLast ? 1 : 2
        for axis in position.indices { offset += position[axis] * strides[first + axis] }
        return offset
    }
}

extension InferContext {
    /// Batch, channels and spatial extents of an image operand.
    func image(_ index: Int, channelsLast: Bool) throws -> (fact: Fact, batch: Dim, channels: Dim, spatial: [Dim]) {
        let fact = try operand(index)
        guard fact.rank >= 3 else { throw DLCError("x is \(fact.type); expected a batch, channels and at least one spatial dimension") }
        let spatial = channelsLast ? Array(fact.shape[1..<(fact.rank - 1)]) : Array(fact.shape[2...])
        return (fact, fact.shape[0], fact.shape[channelsLast ? fact.rank - 1 : 1], spatial)
    }
}

extension Fact {
    /// The spatial extents of an image.
    func spatial(channelsLast: Bool) -> [Dim] { channelsLast ? Array(shape[1..<(rank - 1)]) : Array(shape[2...]) }
}

extension ONNXWriter {
    /// Writes a node whose first operand and results are images. With channels last it stands between transposes.
    mutating func image(_ opType: String, channelsLast: Bool, attributes: [(name: String, value: AttributeValue)]) {
        guard channelsLast, let rank = operandFacts[0]?.rank else { return node(opType, attributes: attributes) }
        let toFirst = [0, rank - 1] + Array(1..<(rank - 1))
        let toLast = [0] + Array(2..<rank) + [1]
        let x = intermediate("Transpose", [inputs[0]], [("perm", .ints(toFirst))])
        let results = outputs.map { $0.isEmpty ? "" : unusedName("\($0)_\(opType)") }
        node(opType, inputs: [x] + inputs.dropFirst(), outputs: results, attributes: attributes)
        for (result, output) in zip(results, outputs) where !output.isEmpty {
            node("Transpose", inputs: [result], outputs: [output], attributes: [("perm", .ints(toLast))])
        }
    }
}
