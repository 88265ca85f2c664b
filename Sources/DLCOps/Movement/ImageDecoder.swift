import DLCGraph
import DLCRuntime

/// What the channels of a decoded picture are, under ONNX's names.
public enum PixelFormat: String, Sendable, CaseIterable, AttributeConvertible {
    case rgb = "RGB", bgr = "BGR", grayscale = "Grayscale"

    package var format: PictureDecoding.Format {
        switch self {
        case .rgb: .rgb
        case .bgr: .bgr
        case .grayscale: .grayscale
        }
    }
}

/// The pixels `[height, width, channels]` of a picture in the bytes of its file, u8 `[N]` (ONNX ImageDecoder). Data decide how large it
/// is. A picture that cannot be decoded is an error, where ONNX speaks of an empty result.
///
/// There are no examples, since the program that runs them may hold no decoder (`PictureDecoding`).
public struct ImageDecoder: Operator {
    public var pixelFormat: PixelFormat

    public init(_ pixelFormat: PixelFormat = .rgb) { self.pixelFormat = pixelFormat }

    public var definition: OperatorDefinition { Self.definition }

    public static let definition = OperatorDefinition(
        ImageDecoder(), name: "image_decoder", operands: ["encoded"], onnx: [ONNXMapping("ImageDecoder", ImageDecoder(), since: 20)],
        examples: { [] }
    ) {
        Attribute("pixel_format", \.pixelFormat)
    }

    public func infer(_ context: inout InferContext) throws -> [Fact] {
        try context.expect(0, "encoded", [.uint8])
        try context.expect(0, "encoded", rank: 1)
        return [Fact(.uint8, [context.unknown("height"), context.unknown("width"), Dim(pixelFormat.format.channels)])]
    }

    public func evaluate(_ operands: [Tensor?]) throws -> [Tensor] {
        [try PictureDecoding.decode(Oracle.operand(operands, 0), pixelFormat.format)]
    }
}

extension ImageDecoder: ScheduledOperator {
    package func item(_ node: Node, _ graph: Graph) throws -> ScheduledItem { ScheduledItem(.picture, [pixelFormat.format.rawValue]) }
}
