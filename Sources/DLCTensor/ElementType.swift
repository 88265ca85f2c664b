import CKernels

/// The type of a tensor's elements. Raw values are those of the plan file and of the kernels' `dlc_type`.
public enum ElementType: UInt8, Sendable, CaseIterable, Hashable {
    case float32 = 0, float64, float16, bfloat16
    case int8, int16, int32, int64
    case uint8, uint16, uint32, uint64
    case bool
    // Narrow types: a byte each in memory, packed in files. They are moved and converted; nothing computes in them.
    case int4, uint4, int2, uint2
    case float8e4m3fn, float8e4m3fnuz, float8e5m2, float8e5m2fnuz, float8e8m0, float4e2m1
    /// Texts, as handles of eight bytes (`StringPool`), which kernels move as integers.
    case string

    /// Bytes of one element in memory.
    public var size: Int {
        switch self {
        case .float64, .int64, .uint64, .string: 8
        case .float32, .int32, .uint32: 4
        case .float16, .bfloat16, .int16, .uint16: 2
        default: 1
        }
    }

    /// The short name used in the text form, such as `f32`.
    public var name: String {
        switch self {
        case .float32: "f32"
        case .float64: "f64"
        case .float16: "f16"
        case .bfloat16: "bf16"
        case .int8: "i8"
        case .int16: "i16"
        case .int32: "i32"
        case .int64: "i64"
        case .uint8: "u8"
        case .uint16: "u16"
        case .uint32: "u32"
        case .uint64: "u64"
        case .bool: "bool"
        case .int4: "i4"
        case .uint4: "u4"
        case .int2: "i2"
        case .uint2: "u2"
        case .float8e4m3fn: "f8e4m3fn"
        case .float8e4m3fnuz: "f8e4m3fnuz"
        case .float8e5m2: "f8e5m2"
        case .float8e5m2fnuz: "f8e5m2fnuz"
        case .float8e8m0: "f8e8m0"
        case .float4e2m1: "f4e2m1"
        case .string: "string"
        }
    }

    /// The type with the given short name, or nil.
    public init?(name: String) {
        guard let match = Self.allCases.first(where: { $0.name == name }) else { return nil }
        self = match
    }

    /// Types that kernels compute in.
    public static let computed: [ElementType] = allCases.filter(\.isComputed)
    public var isComputed: Bool { rawValue <= Self.bool.rawValue }
    /// Types of the operands of kernels.
    public static let ofKernels: [ElementType] = allCases.filter { $0 == $0.inKernels }
    /// What kernels take elements of the type for.
    public var inKernels: ElementType { self == .string ? .int64 : self }
    public var isNarrow: Bool { !isComputed && self != .string }
    /// Bits of one element in a file.
    public var bits: Int { Int(dlc_type_bits(kernelType)) }
    public var isFloat: Bool { rawValue <= Self.bfloat16.rawValue || (rawValue >= Self.float8e4m3fn.rawValue && self != .string) }
    public var isInteger: Bool { !isFloat && self != .bool && self != .string }
    public var isSigned: Bool { rawValue <= Self.int64.rawValue || self == .int4 || self == .int2 || (isFloat && self != .float8e8m0) }

    /// The kernels' name for the type.
    public var kernelType: dlc_type { dlc_type(rawValue: inKernels.rawValue) }
}

extension ElementType: CustomStringConvertible {
    public var description: String { name }
}

/// A Swift type whose arrays are tensors' elements.
public protocol TensorElement: Sendable {
    static var elementType: ElementType { get }
}

extension Float: TensorElement { public static var elementType: ElementType { .float32 } }
extension Double: TensorElement { public static var elementType: ElementType { .float64 } }
extension Int8: TensorElement { public static var elementType: ElementType { .int8 } }
extension Int16: TensorElement { public static var elementType: ElementType { .int16 } }
extension Int32: TensorElement { public static var elementType: ElementType { .int32 } }
extension Int64: TensorElement { public static var elementType: ElementType { .int64 } }
extension Int: TensorElement { public static var elementType: ElementType { .int64 } }
extension UInt8: TensorElement { public static var elementType: ElementType { .uint8 } }
extension UInt16: TensorElement { public static var elementType: ElementType { .uint16 } }
extension UInt32: TensorElement { public static var elementType: ElementType { .uint32 } }
extension UInt64: TensorElement { public static var elementType: ElementType { .uint64 } }
extension Bool: TensorElement { public static var elementType: ElementType { .bool } }
