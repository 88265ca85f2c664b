import DLCTensor

/// Examples that can be read in any order, by several threads at once.
///
/// A data set is what a file or folder holds in the form in which a training takes it. It holds no more in memory than an
/// index of its examples, unless its format has to be decoded whole (stated there).
public protocol Dataset: Sendable {
    /// One line for people: what it is and where from.
    var summary: String { get }
    /// The number of examples.
    var count: Int { get }
    var fields: [DataField] { get }
    /// Names of the classes 0, 1, …; empty where the data name none.
    var classNames: [String] { get }
    /// What reading took from this data and other data must be read with too: classes, categories, what missing values
    /// become, a vocabulary.
    var encoding: DataEncoding { get }
    /// Whether neighbouring examples overlap in content (windows of a text), so that parts are split in order.
    var isContinuous: Bool { get }
    /// The class of every example, where there is one.
    /// - Throws: where the labels have to be read and cannot be.
    func labels() throws -> [Int]?
    /// How many examples each class has; nil where there are no classes.
    func classCounts() throws -> [Int]?
    /// The length of every example, where they differ: what buckets are made by.
    func lengths() throws -> [Int]?
    /// The examples as one tensor for each field, `[indices.count] + shape`.
    /// - Parameter indices: in 0 ..< count; an example may be given twice.
    /// - Throws: naming file and row, where an example cannot be read or is not what the field needs.
    func batch(_ indices: [Int]) throws -> [String: Tensor]
}

extension Dataset {
    public var classNames: [String] { encoding.classNames }
    public var encoding: DataEncoding { DataEncoding() }
    public var isContinuous: Bool { false }
    public func labels() throws -> [Int]? { nil }
    public func lengths() throws -> [Int]? { nil }

    public func classCounts() throws -> [Int]? {
        guard let labels = try labels() else { return nil }
        let most = labels.max() ?? -1
        guard most < 1 << 24 else { throw DLCError("has a class \(most); expected below \(1 << 24)", at: [summary]) }
        var counts = [Int](repeating: 0, count: max(classNames.count, most + 1))
        for label in labels { counts[label] += 1 }
        return counts
    }

    func check(_ indices: [Int]) throws {
        if let odd = indices.first(where: { $0 < 0 || $0 >= count }) { throw DLCError("there is no example \(odd); there are \(count)") }
    }
}
