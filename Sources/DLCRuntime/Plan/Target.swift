import CKernels

/// The processor family that a plan's weights are packed and its kernels chosen for.
public enum Target: UInt8, Sendable, CaseIterable {
    case portable = 0, x86_64_v3 = 1, x86_64_v4 = 2, arm64 = 3

    /// The name on the command line.
    public var name: String {
        switch self {
        case .portable: "portable"
        case .x86_64_v3: "x86-64-v3"
        case .x86_64_v4: "x86-64-v4"
        case .arm64: "arm64"
        }
    }

    /// What it asks of a processor, for messages.
    public var requirement: String {
        switch self {
        case .portable: "any processor"
        case .x86_64_v3: "AVX2, FMA and F16C"
        case .x86_64_v4: "AVX-512 F, BW, CD, DQ and VL"
        case .arm64: "an arm64 processor"
        }
    }

    public init?(name: String) {
        guard let match = Self.allCases.first(where: { $0.name == name }) else { return nil }
        self = match
    }

    /// The strongest target of this processor.
    public static var native: Target { Target(rawValue: dlc_host_isa().rawValue) ?? .portable }

    public var isa: dlc_isa { dlc_isa(rawValue: rawValue) }

    /// Whether this processor can run plans for the target.
    public var runsHere: Bool { dlc_host_has(isa) }

    /// f32 lanes of a vector.
    public var lanes: Int { Int(dlc_lanes(isa)) }
}
