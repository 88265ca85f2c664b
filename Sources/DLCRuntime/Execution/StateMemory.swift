import CKernels

/// The tensors that a session keeps between runs, one place for each: steps read it and write its next value in place.
///
/// The memory is the system's zeros, untouched until it is first needed, so that a damaged file that promises too much
/// costs nothing before its sizes are found out.
final class StateMemory {
    private let base: UnsafeMutableRawPointer
    private let byteCount: Int
    private let offsets: [Int]
    private let sizes: [Int]
    private let model: CompiledModel
    /// Whether the states have been given their initial values.
    private var isSettled = false

    /// - Throws: where a size overflows or there is not enough memory.
    init(_ model: CompiledModel) throws {
        self.model = model
        sizes = try model.states.map { try $0.byteCount }
        var offsets: [Int] = []
        var total = 0
        for size in sizes {
            offsets.append(total)
            total = try Checked.add(total, Checked.multiply(Checked.add(size, 63) / 64, 64))
        }
        self.offsets = offsets
        byteCount = total
        guard let base = dlc_map_zeroed(Int64(total)) else { throw DLCError("out of memory: the states need \(total) bytes") }
        self.base = base
    }

    deinit { dlc_unmap(base, Int64(byteCount)) }

    /// A state's bytes, which may not have been given their initial values yet.
    subscript(index: Int) -> UnsafeMutableRawBufferPointer {
        UnsafeMutableRawBufferPointer(start: base + offsets[index], count: sizes[index])
    }

    /// A state's bytes.
    func settled(_ index: Int) -> UnsafeMutableRawBufferPointer {
        settle()
        return self[index]
    }

    /// Gives all states their initial values where that was not done.
    func settle() {
        if isSettled { return }
        isSettled = true
        for index in sizes.indices { initialise(index, isZeroed: true) }
    }

    /// Gives all states their initial values.
    func reset() {
        for index in sizes.indices { initialise(index, isZeroed: !isSettled) }
        isSettled = true
    }

    /// - Parameter isZeroed: whether the bytes are zero and better not touched.
    private func initialise(_ index: Int, isZeroed: Bool) {
        let target = self[index]
        let constant = model.states[index].initial
        let bytes = model.plan.constants[constant].bytes
        let source = UnsafeRawBufferPointer(start: model.constantAddresses.addresses[constant], count: bytes)
        if bytes == target.count {
            dlc_copy_initial(target.baseAddress, source.baseAddress, Int64(bytes), model.constantAddresses.isMapped)
        } else if !isZeroed || source.contains(where: { $0 != 0 }) {
            dlc_fill_memory(target.baseAddress, Int64(target.count), source.baseAddress, Int64(bytes))
        }
    }
}

extension Plan.State {
    /// - Throws: where it overflows.
    var byteCount: Int { get throws { try Checked.multiply(Checked.count(shape), type.size) } }
}
