import DLCTensor

/// What the elements of a field are; it decides how they are converted, normalised, split and padded.
public enum FieldContent: String, Sendable, Codable {
    /// Numbers as they stand in the file.
    case numbers
    /// Pixels: 0…255 in integer fields, p / 255 in float ones, as `dlc run` reads pictures.
    case pixels
    /// A class from 0 for each example.
    case classes
    /// Symbols from 0 of a vocabulary.
    case tokens
    /// 1 where there is something and 0 where an example is padded.
    case mask
    /// A class for each pixel.
    case segments
    /// Boxes: x0, y0, x1, y1 in pixels of the resized picture.
    case boxes
    /// Samples of a sound, −1…1.
    case samples
}

/// What an input of a training asks for.
public struct WantedField: Sendable, Equatable {
    public var name: String
    public var type: ElementType
    /// Extents of one example, without the batch dimension; nil where any will do.
    public var shape: [Int?]
    /// The number of classes that the model has, where the field holds classes and it is known: labels are held to it.
    public var classes: Int?

    public init(_ name: String, _ type: ElementType, _ shape: [Int?], classes: Int? = nil) {
        (self.name, self.type, self.shape, self.classes) = (name, type, shape, classes)
    }

    public var description: String { "\(name): \(DataField.text(type, shape))" }
}

/// What a data set gives for a name in each batch: a tensor `[batch] + shape`.
public struct DataField: Sendable, Equatable, CustomStringConvertible {
    public var name: String
    public var type: ElementType
    /// Extents of one example; nil where batches differ.
    public var shape: [Int?]
    public var content: FieldContent
    /// The dimension of `shape` along which a mean and a deviation of its own are worth while: channels of pictures, columns of
    /// tables. Without one a single mean serves all elements.
    public var channelAxis: Int?

    public init(_ name: String, _ type: ElementType, _ shape: [Int?], _ content: FieldContent, channelAxis: Int? = nil) {
        (self.name, self.type, self.shape, self.content, self.channelAxis) = (name, type, shape, content, channelAxis)
    }

    public var description: String { "\(name): \(Self.text(type, shape))" }

    static func text(_ type: ElementType, _ shape: [Int?]) -> String {
        "\(type)[\(shape.map { $0.map(String.init) ?? "?" }.joined(separator: ", "))]"
    }

    /// Where the channels of a picture lie, by the rule of `dlc run`: in front where 1 or 3, else behind.
    static func channelAxis(ofPicture shape: [Int?]) -> Int? {
        guard shape.count == 3 else { return nil }
        if shape[0] == 1 || shape[0] == 3 { return 0 }
        return shape[2] == 1 || shape[2] == 3 ? 2 : nil
    }
}
