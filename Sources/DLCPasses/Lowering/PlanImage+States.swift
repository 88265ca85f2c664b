import DLCGraph
import DLCRuntime

extension PlanImage {
    /// Adds a state to the plan.
    /// - Parameter initial: the constant that it is before the first run, where that is there already.
    mutating func add(_ state: Graph.State, _ type: TensorType, initial known: Int? = nil) throws {
        var initial = known ?? add(state.initial)
        if plan.constants[initial].bytes != state.initial.byteCount {
            // A part of a larger constant needs bytes of its own.
            initial = add(
                try Tensor(type: type.element, shape: state.initial.shape) { target in
                    state.initial.withUnsafeBytes { target.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[..<target.count])) }
                })
        }
        update {
            $0.states.append(Plan.State(name: state.name, type: type.element, shape: type.shape.constants ?? [], initial: initial))
        }
    }
}
