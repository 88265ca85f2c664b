import DLCGraph
import DLCOps

/// Sequences and optionals: what passes through one of a structure that data decide has no gradient.
extension GradientRules {
    static let sequences: [GradientRule] = [
        .none(MakeSequence.self, because: reason), .none(SequenceAt.self, because: reason), .none(SequenceInsert.self, because: reason),
        .none(SequenceErase.self, because: reason), .zero(SequenceLength.self), .none(SplitToSequence.self, because: reason),
        .none(ConcatFromSequence.self, because: reason), .none(MakeOptional.self, because: reason), .zero(OptionalHasElement.self),
        .none(OptionalGetElement.self, because: reason),
    ]

    private static let reason = "data decide which tensors the sequence holds"
}
