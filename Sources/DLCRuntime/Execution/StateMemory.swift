import CKernels

/// The tensors that a session keeps between runs, one place for each: steps read it and write its next value in place.
///
/// The memory is the system's zeros, untouched until it is first needed, so that a damaged file that promises too much
/// costs nothing before its sizes are found out.
final class StateMemory {
    private let region: Region
    private let addresses: [UnsafeMutableRawPointer]
    private let sizes: [Int]
    private let model: CompiledModel
    /// Where the states are that another program's session keeps.
    private let other: StateMemory?
    /// Indexes of the states that lie here.
    private let own: [Int]
    /// Whether the states have been given their initial values.
    private var isSettled = false
    /// Keeps the strings that states here hold, by index of the state.
    private var strings: [Int: Tensor] = [:]
    private var views: [Tensor] = []

    /// - Parameter other: keeps the states that it has by the same name.
    /// - Throws: where a size overflows, a state is another there, or there is not enough memory.
    init(_ model: CompiledModel, sharing other: StateMemory? = nil) throws {
        (self.model, self.other) = (model, other)
        sizes = try model.states.map { try $0.byteCount }
        var offsets: [Int?] = []
        var total = 0
        for (state, size) in zip(model.states, sizes) {
            if let shared = other?.model.states.first(where: { $0.name == state.name }) {
                guard shared.type == state.type, shared.shape == state.shape else {
                    throw DLCError(
                        "state \(state.name) is \(shared.type)\(shared.shape) in one program and \(state.type)\(state.shape) in another")
                }
                offsets.append(nil)
                continue
            }
            offsets.append(total)
            total = try Checked.add(total, Checked.multiply(Checked.add(size, 63) / 64, 64))
        }
        own = offsets.indices.filter { offsets[$0] != nil }
        let region = try Region(total)
        let base = region.base
        self.region = region
        addresses = zip(model.states, offsets).map { state, offset in
            if let offset { return base + offset }
            return other.flatMap { other in other.model.states.firstIndex { $0.name == state.name }.map { other.addresses[$0] } } ?? base
        }
    }

    /// What holds the bytes; whoever keeps a view of a state keeps this.
    final class Region: @unchecked Sendable {
        let base: UnsafeMutableRawPointer
        private let byteCount: Int

        init(_ byteCount: Int) throws {
            guard let base = dlc_map_zeroed(Int64(byteCount)) else { throw DLCError("out of memory: the states need \(byteCount) bytes") }
            (self.base, self.byteCount) = (base, byteCount)
        }

        deinit { dlc_unmap(base, Int64(byteCount)) }
    }

    /// A state's bytes, which may not have been given their initial values yet.
    subscript(index: Int) -> UnsafeMutableRawBufferPointer {
        UnsafeMutableRawBufferPointer(start: addresses[index], count: sizes[index])
    }

    /// A state's bytes.
    func settled(_ index: Int) -> UnsafeMutableRawBufferPointer {
        settle()
        return self[index]
    }

    /// All states where they lie.
    func tensors() throws -> [Tensor] {
        settle()
        if views.isEmpty {
            views = try model.states.indices.map { index in
                try Tensor(
                    type: model.states[index].type, shape: model.states[index].shape, bytes: UnsafeRawBufferPointer(self[index]),
                    owner: own.contains(index) ? region : other?.region ?? region)
            }
        }
        return views
    }

    /// Gives all states their initial values where that was not done.
    func settle() {
        other?.settle()
        if isSettled { return }
        isSettled = true
        for index in own { initialise(index, isZeroed: true) }
    }

    /// Keeps the strings that states are now, before those that they have been made of may go.
    /// - Throws: where a state of strings holds something else.
    func holdStrings() throws {
        try other?.holdStrings()
        for index in own where model.states[index].type == .string {
            let target = self[index]
            strings[index] = try Tensor(type: .string, shape: model.states[index].shape) { $0.copyMemory(from: UnsafeRawBufferPointer(target)) }
        }
    }

    /// Gives all states their initial values, those of other programs too.
    func reset() {
        other?.reset()
        for index in own { initialise(index, isZeroed: !isSettled) }
        isSettled = true
    }

    /// - Parameter isZeroed: whether the bytes are zero and better not touched.
    private func initialise(_ index: Int, isZeroed: Bool) {
        let target = self[index]
        let constant = model.states[index].initial
        let bytes = model.plan.constants[constant].bytes
        let source = UnsafeRawBufferPointer(start: model.constantAddresses.addresses[constant], count: bytes)
        if bytes == target.count {
            let isMapped = model.constantAddresses.isMapped && model.plan.constants[constant].strings == 0
            dlc_copy_initial(target.baseAddress, source.baseAddress, Int64(bytes), isMapped)
        } else if !isZeroed || source.contains(where: { $0 != 0 }) {
            dlc_fill_memory(target.baseAddress, Int64(target.count), source.baseAddress, Int64(bytes))
        }
    }
}

extension Plan.State {
    /// - Throws: where it overflows.
    var byteCount: Int { get throws { try Checked.multiply(Checked.count(shape), type.size) } }
}
