/// Every method of trainings there is, in the groups in which the reference page shows them: one line each.
public enum AllMethods {
    public struct Group: Sendable {
        public let title: String
        public let methods: [MethodDefinition]
    }

    public static let groups: [Group] = [
        Group(title: "Optimisers", methods: [SGD.definition, Adam.adam]),
        Group(title: "Schedules", methods: []),
    ]

    public static let definitions = groups.flatMap(\.methods)

    /// The method of that name, or nil.
    public static func named(_ name: String) -> MethodDefinition? { byName[name] }

    private static let byName = Dictionary(definitions.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
}
