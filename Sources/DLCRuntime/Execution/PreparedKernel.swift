import CKernels

/// A prepared kernel: its launch and the parameters that it points to.
package final class PreparedKernel {
    let launch: dlc_launch
    let params: UnsafeMutableRawPointer?
    /// Where each buffer of the kernel's table comes from.
    let slots: [Slot]
    private let free: (() -> Void)?
    /// About what it takes in memory.
    let byteCount: Int

    enum Slot {
        case operand(Int)
        case result(Int)
        /// The cell that a kernel reports a data error in.
        case status
        /// Memory that belongs to the prepared kernel.
        case owned(UnsafeMutableRawPointer)
        case none
    }

    /// Prepares with a parameter struct that lives as long as the object.
    /// - Parameters:
    ///   - owned: memory that ends with the object.
    ///   - ownedBytes: its size.
    ///   - used: how many bytes of the struct the kernel reads when it runs, all where nil.
    ///   - prepare: fills in what depends on the shapes; false means that the kernel refuses the parameters.
    init<Params>(
        _ params: Params, slots: [Slot], owned: [UnsafeMutableRawPointer] = [], ownedBytes: Int = 0,
        used: ((Params) -> Int)? = nil,
        prepare: (UnsafeMutablePointer<Params>, UnsafeMutablePointer<dlc_launch>) -> Bool
    ) throws {
        var (params, launch) = (params, dlc_launch())
        guard prepare(&params, &launch) else {
            for pointer in owned { dlc_free(pointer) }
            throw DLCError("no kernel for these parameters")
        }
        self.launch = launch
        let memory = withUnsafeBytes(of: params) { bytes in
            let bytes = UnsafeRawBufferPointer(rebasing: bytes.prefix(used.map { $0(params) } ?? bytes.count))
            let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count, alignment: MemoryLayout<Params>.alignment)
            memory.copyMemory(from: bytes)
            return memory
        }
        self.params = memory.baseAddress
        byteCount = memory.count + ownedBytes + slots.count * MemoryLayout<Slot>.stride + 128
        self.slots = slots
        free = {
            memory.deallocate()
            for pointer in owned { dlc_free(pointer) }
        }
    }

    deinit { free?() }
}
