import CKernels

/// A step's operand with its sizes settled.
struct BoundOperand {
    var type: ElementType
    var shape: [Int]
    /// Elements between neighbours along each dimension.
    var strides: [Int]

    var count: Int { shape.reduce(1, *) }
    var rank: Int { shape.count }

    /// Whether the elements lie in row-major order without gaps.
    var isContiguous: Bool {
        var expected = 1
        for (extent, stride) in zip(shape, strides).reversed() where extent != 1 {
            if stride != expected && count > 0 { return false }
            expected *= extent
        }
        return true
    }
}

/// A step with its sizes settled, as kernels prepare from it.
struct BoundStep {
    let isa: dlc_isa
    let operands: [BoundOperand?]
    let results: [BoundOperand?]
    let integers: [Int]
    let numbers: [Double]

    func operand(_ index: Int) throws -> BoundOperand {
        guard index < operands.count, let operand = operands[index] else { throw DLCError("operand \(index) is missing") }
        return operand
    }

    func result(_ index: Int) throws -> BoundOperand {
        guard index < results.count, let result = results[index] else { throw DLCError("result \(index) is missing") }
        return result
    }

    func optional(_ index: Int) -> BoundOperand? { index < operands.count ? operands[index] : nil }

    func integer(_ index: Int) throws -> Int {
        guard index < integers.count else { throw DLCError("parameter \(index) is missing") }
        return integers[index]
    }

    func number(_ index: Int) throws -> Double {
        guard index < numbers.count else { throw DLCError("number \(index) is missing") }
        return numbers[index]
    }

    func contiguous(_ index: Int) throws -> BoundOperand {
        let operand = try operand(index)
        guard operand.isContiguous else { throw DLCError("operand \(index) must be contiguous") }
        return operand
    }

    func contiguousResult(_ index: Int) throws -> BoundOperand {
        let result = try result(index)
        guard result.isContiguous else { throw DLCError("result \(index) must be contiguous") }
        return result
    }

    /// Threads that are worth starting in each of `phases` phases. What another processor has written arrives late, so a
    /// thread must get some microseconds of work: measured on two processors without a cache in common, steps of less
    /// than 12 µs took two to five times as long on both as on one.
    func worthwhileThreads(operations: Int, phases: Int) -> Int {
        let (operationsPerMicrosecond, bytesPerMicrosecond, leastMicroseconds) = (60_000.0, 30_000.0, 3.0)
        let bytes = (operands + results).reduce(0.0) { sum, operand in
            operand.map { $0.shape.reduce(Double($0.type.size)) { $0 * Double($1) } + sum } ?? sum
        }
        let time = (Double(operations) / operationsPerMicrosecond + bytes / bytesPerMicrosecond) / Double(max(1, phases))
        return Int(min(256, max(1, time / leastMicroseconds)))
    }
}

/// A prepared kernel: its launch and the parameters that it points to.
final class PreparedKernel {
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

    /// The usual slots: all operands, then all results.
    static func slots(_ step: BoundStep, status: Bool = false) -> [Slot] {
        var slots: [Slot] = []
        for index in step.operands.indices { slots.append(step.operands[index] == nil ? .none : .operand(index)) }
        for index in step.results.indices { slots.append(step.results[index] == nil ? .none : .result(index)) }
        return status ? slots + [.status] : slots
    }
}
