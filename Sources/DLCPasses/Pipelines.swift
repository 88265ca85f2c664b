import DLCGraph

/// The order of passes, as data.
public enum Pipelines {
    /// The passes that take an imported graph to `stage`.
    public static func passes(to stage: Stage, _ options: CompileOptions) -> [Pass] {
        let parts: [(Stage, [Pass])] = [
            (.canonical, canonical), (.laidOut, fusion + layout), (.lowered, lowering),
        ]
        return parts.filter { $0.0 <= stage }.flatMap { $0.1 }
    }

    /// Every pass by name, for `dlc opt`.
    public static let all: [Pass] = canonical + fusion + layout + lowering

    static let canonical: [Pass] = [
        reach(.canonical)
    ]

    static let fusion: [Pass] = []

    static let layout: [Pass] = [
        reach(.laidOut)
    ]

    static let lowering: [Pass] = [
        fuseElementwiseRegions,
        reach(.lowered),
    ]
}
