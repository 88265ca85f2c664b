/// Every method of trainings there is, in the groups in which the reference page shows them: one line each, or one per family.
public enum AllMethods {
    public struct Group: Sendable {
        public let title: String
        public let methods: [MethodDefinition]
    }

    public static let groups: [Group] = [
        Group(
            title: "Optimisers",
            methods: [
                SGD.definition, Adagrad.definition, Adadelta.definition, RMSProp.definition, Adam.adam, Adam.amsgrad, Adam.adamW,
                NAdam.definition,
                RAdam.definition, Adamax.definition, AdaBound.definition, AdaBelief.definition, Lion.definition, LAMB.definition,
                Rprop.definition,
                LBFGS.definition, NewtonCG.definition,
            ]),
        Group(
            title: "Schedules",
            methods: [
                WarmupSchedule.definition, StepSchedule.definition, MultiStepSchedule.definition, ExponentialSchedule.definition,
                PolynomialSchedule.definition, InverseRootSchedule.definition, CosineSchedule.definition, OneCycleSchedule.definition,
            ]),
        Group(title: "Clipping", methods: [ClipByValue.definition, ClipByNorm.each, ClipByNorm.global]),
        Group(title: "Averages of weights", methods: [ExponentialAverage.definition, StochasticWeightAverage.definition]),
    ]

    public static let definitions = groups.flatMap(\.methods)

    /// The method of that name, or nil.
    public static func named(_ name: String) -> MethodDefinition? { byName[name] }

    private static let byName = Dictionary(definitions.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
}
