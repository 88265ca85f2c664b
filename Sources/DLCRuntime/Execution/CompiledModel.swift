import CKernels
import Synchronization

/// A compiled network, immutable and safe to share between tasks. Make a `Session` to run it.
public struct CompiledModel: Sendable {
    public let plan: Plan
    /// Bytes of the mapped file, or of the constants of a model compiled in this process.
    public let byteCount: Int
    let constantAddresses: ConstantAddresses
    let packedConstants: PackedConstants
    let sizes: PlanSizes
    private let known = KnownPrograms()

    /// Maps a `.dlc` file.
    /// - Throws: a `DLCError` naming the file: where it cannot be read, is damaged, of another version, or compiled for
    ///   a processor that has more than this one.
    public init(contentsOf path: String) throws {
        (plan, constantAddresses, packedConstants, byteCount) = try located(path) {
            let file = try MappedFile(path: path)
            let (plan, bytes) = try PlanFile.read(file)
            var owners: [any Sendable] = [file]
            let addresses = try plan.constants.map { constant -> UnsafeRawPointer in
                if constant.strings > 0 {
                    let table = UnsafeRawBufferPointer(rebasing: bytes[constant.offset..<constant.offset + constant.strings])
                    let strings = try StringTable.decoded(table, count: constant.bytes / 8)
                    owners.append(strings)
                    return strings.withUnsafeBytes { $0.baseAddress ?? UnsafeRawPointer(bitPattern: 64).unsafelyUnwrapped }
                }
                if let base = bytes.baseAddress { return base + constant.offset }
                guard constant.bytes == 0 else { throw DLCError("the file is truncated") }
                return UnsafeRawPointer(bitPattern: 64).unsafelyUnwrapped
            }
            let constants = ConstantAddresses(addresses, owner: owners, isMapped: true)
            return (plan, constants, try PackedConstants(plan, constants), file.bytes.count)
        }
        sizes = try located(path) { [plan] in try PlanSizes(plan) }
    }

    /// A model compiled in this process.
    /// - Throws: where it was compiled for a processor that has more than this one.
    public init(_ image: PlanImage) throws {
        guard image.plan.target.runsHere else {
            throw DLCError("compiled for \(image.plan.target.name), which needs \(image.plan.target.requirement)")
        }
        plan = image.plan
        sizes = try PlanSizes(image.plan)
        let addresses = image.constants.map { $0.withUnsafeBytes { $0.baseAddress ?? UnsafeRawPointer(bitPattern: 64).unsafelyUnwrapped } }
        constantAddresses = ConstantAddresses(addresses, owner: image.constants, isMapped: false)
        packedConstants = try PackedConstants(plan, constantAddresses)
        byteCount = image.constantBytes
    }

    private init(_ program: Plan, of model: CompiledModel) throws {
        plan = program
        byteCount = model.byteCount
        sizes = try PlanSizes(program)
        constantAddresses = model.constantAddresses
        packedConstants = try PackedConstants(program, constantAddresses)
    }

    /// A further program of the file, such as a training's evaluation, which may share its states with a session of another. All
    /// calls give the same one.
    /// - Throws: where there is none of that name.
    public func program(_ name: String) throws -> CompiledModel {
        if let program = plan.programs.first(where: { $0.name == name }) {
            return try known.models.withLock { models in
                if let model = models[name] { return model }
                let model = try CompiledModel(program, of: self)
                models[name] = model
                return model
            }
        }
        let names = plan.programs.map(\.name).joined(separator: ", ")
        throw DLCError("there is no program \(name); the model has \(names.isEmpty ? "none beside its own" : names)")
    }

    /// The names of the further programs.
    public var programs: [String] { plan.programs.map(\.name) }

    /// What a state is before the first run: a scalar where all its elements are one.
    package func initialValue(of state: Int) throws -> Tensor {
        let (state, constant) = (plan.states[state], plan.constants[plan.states[state].initial])
        let bytes = UnsafeRawBufferPointer(start: constantAddresses.addresses[state.initial], count: constant.bytes)
        let isWhole = try constant.bytes == state.byteCount
        return try Tensor(type: state.type, shape: isWhole ? state.shape : []) { $0.copyMemory(from: bytes) }
    }

    public var inputs: [Plan.Port] { plan.inputs }
    public var outputs: [Plan.Port] { plan.outputs }
    /// What a session keeps between runs; neither among the inputs nor the outputs.
    public var states: [Plan.State] { plan.states }
    /// Free text that travels with the model, such as class labels.
    public var metadata: [String: String] { plan.metadata }
}

/// The further programs that were asked for, by name.
private final class KnownPrograms: Sendable {
    let models = Mutex<[String: CompiledModel]>([:])
}

/// Addresses of a model's constants and what keeps them mapped. Nobody writes through them.
final class ConstantAddresses: @unchecked Sendable {
    let addresses: [UnsafeRawPointer]
    /// Whether they lie in a mapped file, whose pages come back when they are read again.
    let isMapped: Bool
    private let owner: any Sendable

    init(_ addresses: [UnsafeRawPointer], owner: any Sendable, isMapped: Bool) {
        self.addresses = addresses
        self.isMapped = isMapped
        self.owner = owner
    }
}
