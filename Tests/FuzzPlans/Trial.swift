import DLCRuntime

/// One changed plan: written, read, bound and run, with everything around the memory of each step out of bounds.
struct Trial {
    private let image: PlanImage
    private var random = SystemRandomNumberGenerator()

    init(_ image: PlanImage) { self.image = image }

    /// Loads and runs a plan. Errors that it throws are what a wrong file should give.
    /// - Returns: whether it ran.
    func run(_ plan: Plan) throws -> Bool { try run(table: plan.table()) }

    /// The same for the bytes of a plan's table.
    func run(table: [UInt8]) throws -> Bool {
        let plan = try Plan(table: table, target: image.plan.target, constantBytes: image.constantBytes)
        let model = try CompiledModel(plan, constants: constants(of: plan))
        let session = try Session(model, threads: 1)
        session.iterationLimit = 40
        try run(session, model)
        // Those of a schedule have run.
        if plan.schedule != nil { return true }
        // Beside it and with its states.
        for name in model.programs {
            let program = try model.program(name)
            try run(Session(program, threads: 1, sharing: session), program)
        }
        return true
    }

    private func run(_ session: Session, _ model: CompiledModel) throws {
        var symbols: [String: Int] = [:]
        for (index, port) in model.inputs.enumerated() {
            let shape = port.shape.enumerated().map { axis, dim in
                dim.constant ?? dim.symbols.first.map { symbol in
                    symbols[symbol, default: [3, 4, 2, 5, 1][(index + axis) % 5]]
                } ?? 1
            }
            for (dim, extent) in zip(port.shape, shape) { for symbol in dim.symbols { symbols[symbol] = extent } }
            guard shape.allSatisfy({ $0 >= 0 }), let count = try? Checked.count(shape), count <= 1 << 18 else {
                throw DLCError("too large to try")
            }
            try session.setInput(index, Tensor(type: port.type, shape: shape) { fill($0, port.type) })
        }
        for _ in 0..<2 {
            try session.run { arena, allowed in
                Poison.cover(arena)
                for region in allowed { Poison.uncover(region) }
            } after: {
                Poison.uncover($0)
            }
        }
        for index in model.outputs.indices { _ = try session.output(index) }
    }

    /// Small numbers; of integers also some that are no index of a small tensor.
    private func fill(_ bytes: UnsafeMutableRawBufferPointer, _ type: ElementType) {
        switch type {
        case .float32:
            for index in 0..<(bytes.count / 4) { bytes.storeBytes(of: Float.random(in: -3...6), toByteOffset: 4 * index, as: Float.self) }
        case .int64:
            for index in 0..<(bytes.count / 8) { bytes.storeBytes(of: Int64.random(in: -2...5), toByteOffset: 8 * index, as: Int64.self) }
        case .int32:
            for index in 0..<(bytes.count / 4) { bytes.storeBytes(of: Int32.random(in: -2...5), toByteOffset: 4 * index, as: Int32.self) }
        default: for index in bytes.indices { bytes[index] = UInt8.random(in: 0...3) }
        }
    }

    /// Each constant in a block of its own where places are as they were, else all of them in one as in a file.
    private func constants(of plan: Plan) -> [UnsafeRawPointer] {
        let isSame =
            plan.constants.count == image.plan.constants.count
            && zip(plan.constants, image.plan.constants).allSatisfy { $0.offset == $1.offset && $0.bytes == $1.bytes }
        if isSame { return image.constants.map { tensor in tensor.withUnsafeBytes { $0.baseAddress ?? Poison.nowhere } } }
        return plan.constants.map { Poison.nowhere + $0.offset }
    }
}

/// The address sanitizer's marks.
enum Poison {
    /// Memory of the size of a subject's constants.
    nonisolated(unsafe) static var nowhere = UnsafeRawPointer(UnsafeMutableRawPointer.allocate(byteCount: 64, alignment: 64))

    static func cover(_ bytes: UnsafeRawBufferPointer) { poison?(bytes.baseAddress, bytes.count) }

    /// From the first whole granule on: what lies before the region in the same one is not seen.
    static func uncover(_ bytes: UnsafeRawBufferPointer) {
        guard let start = bytes.baseAddress, bytes.count > 0 else { return }
        let before = Int(bitPattern: start) % 8
        unpoison?(start - before, bytes.count + before)
    }

    private typealias Mark = @convention(c) (UnsafeRawPointer?, Int) -> Void
    private static let poison = find("__asan_poison_memory_region")
    private static let unpoison = find("__asan_unpoison_memory_region")
    /// Whether the program was built with the sanitizer.
    static var isAvailable: Bool { poison != nil }

    private static func find(_ name: String) -> Mark? {
        guard let symbol = dlsym(nil, name) else { return nil }
        return unsafeBitCast(symbol, to: Mark.self)
    }
}

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif
