import CKernels

/// A prepared kernel: its launch and the parameters that it points to.
package final class PreparedKernel {
    let launch: dlc_launch
    let params: UnsafeMutableRawPointer?
    /// Where each buffer of the kernel's table comes from.
    let slots: [Slot]
    private let free: (() -> Void)?

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
    /// - Parameter prepare: fills in what depends on the shapes; false means that the kernel refuses the parameters.
    init<Params>(
        _ params: Params, slots: [Slot], owned: [UnsafeMutableRawPointer] = [],
        prepare: (UnsafeMutablePointer<Params>, UnsafeMutablePointer<dlc_launch>) -> Bool
    ) throws {
        let memory = UnsafeMutablePointer<Params>.allocate(capacity: 1)
        memory.initialize(to: params)
        var launch = dlc_launch()
        guard prepare(memory, &launch) else {
            memory.deallocate()
            for pointer in owned { dlc_free(pointer) }
            throw DLCError("no kernel for these parameters")
        }
        self.launch = launch
        self.params = UnsafeMutableRawPointer(memory)
        self.slots = slots
        free = {
            memory.deallocate()
            for pointer in owned { dlc_free(pointer) }
        }
    }

    deinit { free?() }
}
