import DLCGraph

/// Sets of element types that type constraints of the ONNX specification name.
extension ElementType {
    static let floats: [ElementType] = [.float32, .float64, .float16, .bfloat16]
    static let signedIntegers: [ElementType] = [.int8, .int16, .int32, .int64]
    static let unsignedIntegers: [ElementType] = [.uint8, .uint16, .uint32, .uint64]
    static let integers: [ElementType] = signedIntegers + unsignedIntegers
    static let numbers: [ElementType] = floats + integers
    static let signedNumbers: [ElementType] = floats + signedIntegers
    static let indices: [ElementType] = [.int32, .int64]

    /// Whether contents of this type are followed as expressions without wrapping.
    var isFollowed: Bool { self == .int64 || self == .int32 }

    /// The values of an integer type.
    var integerRange: ClosedRange<Double>? {
        switch self {
        case .int8: -128...127
        case .int16: -32768...32767
        case .int32: -2_147_483_648...2_147_483_647
        case .uint8: 0...255
        case .uint16: 0...65535
        case .uint32: 0...4_294_967_295
        default: nil
        }
    }
}

extension Tensor {
    /// A scalar: the number of a type that is nearest to `value`; 0 for NaN in an integer type.
    package init(nearest value: Double, type: ElementType) throws {
        if type.isFloat {
            self = try Tensor(doubles: [value], type: type, shape: [])
        } else if type == .uint64 {
            let whole: UInt64 = value > 0 ? UInt64(exactly: value.rounded(.towardZero)) ?? .max : 0
            self = try Tensor([whole], shape: [])
        } else {
            let range = type.integerRange ?? -0x1p63...0x1p63
            let inside = Swift.min(Swift.max(value, range.lowerBound), range.upperBound)
            let whole = value.isNaN ? 0 : Int64(exactly: inside.rounded(.towardZero)) ?? .max
            self = try Tensor(integers: [whole], type: type, shape: [])
        }
    }
}

extension InferContext {
    /// Throws where a required operand has another element type than the one at `reference`.
    func expect(_ index: Int, _ what: String, sameTypeAs reference: Int) throws {
        let (fact, first) = (try operand(index), try operand(reference))
        guard fact.element == first.element else {
            throw DLCError("\(what) is \(fact.type); expected \(first.element) as in \(first.type)")
        }
    }
}

extension Array where Element == Dim {
    /// As in the text form of a type: `[N, 3]`.
    var text: String { "[\(map(\.description).joined(separator: ", "))]" }
}
