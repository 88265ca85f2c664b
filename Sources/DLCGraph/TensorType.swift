@_exported import DLCTensor

/// The type of a value: an element type and a shape whose extents may be symbolic.
///
/// A value that holds tensors and is none itself says so by `container`. Its shape is then `[]`, and no symbol stands in its type:
/// extents of the tensors in it are numbers or unknown. Only operators that are `ReadsContainers` read such a value.
public struct TensorType: Hashable, Sendable, CustomStringConvertible {
    public var element: ElementType
    public var shape: Shape
    public var container: Container?

    public init(_ element: ElementType, _ shape: Shape) {
        self.element = element
        self.shape = shape
    }

    public init(_ element: ElementType, _ container: Container) {
        (self.element, shape, self.container) = (element, [], container)
    }

    /// The same with another shape.
    public func with(_ shape: Shape) -> TensorType {
        var copy = self
        copy.shape = shape
        return copy
    }

    public var rank: Int { shape.count }

    /// As in the text form: `f32[N, 3, 224, 224]`, `sequence of f32[?, 3]`.
    public var description: String {
        container?.description(of: element) ?? "\(element)[\(shape.map(\.description).joined(separator: ", "))]"
    }
}

/// What is known of a value at build time.
public struct Fact: Sendable {
    public var type: TensorType
    /// The elements in row-major order of a small integer or bool tensor, where each is known as an expression
    /// over symbols: how shape arithmetic is followed and folded.
    public var content: [Dim]?
    /// The elements in row-major order of a small f32 or f64 tensor, where each is known as an expression over symbols and
    /// at least one is no number: extents on their way through floats.
    public var reals: [Real]?
    /// The tensor where the value is a constant.
    public var constant: Tensor?

    public init(_ type: TensorType, content: [Dim]? = nil, constant: Tensor? = nil) {
        self.type = type
        self.content = content
        self.constant = constant
    }

    public init(_ element: ElementType, _ shape: Shape, content: [Dim]? = nil) {
        self.init(TensorType(element, shape), content: content)
    }

    /// The fact of a constant; integer tensors of up to `contentLimit` elements are known as expressions too.
    public init(constant: Tensor) {
        type = TensorType(constant.type, Shape(constants: constant.shape))
        self.constant = constant
        if !constant.type.isFloat, constant.count <= Self.contentLimit, let values = try? constant.integers() {
            content = values.map { Dim(Int($0)) }
        }
    }

    /// The elements of a small float tensor where they are known, numbers or not.
    public var knownReals: [Real]? {
        if let reals { return reals }
        guard element == .float32 || element == .float64, let constant, constant.count <= Self.realLimit else { return nil }
        return (try? constant.doubles())?.map { Real($0) }
    }

    /// The most elements of a float tensor that are followed as expressions.
    public static let realLimit = 16

    /// The most elements that are followed as expressions.
    public static let contentLimit = 64

    public var shape: Shape { type.shape }
    public var element: ElementType { type.element }
    public var rank: Int { type.rank }
}
