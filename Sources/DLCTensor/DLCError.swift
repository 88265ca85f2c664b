/// What went wrong, in one sentence, and where: the outermost place first.
///
/// Printed as `model.onnx: conv2: weight expects 64 input channels, input has 128`.
public struct DLCError: Error, CustomStringConvertible, Sendable {
    public var message: String
    public var path: [String]

    public init(_ message: String, at path: [String] = []) {
        self.message = message
        self.path = path
    }

    public var description: String { (path + [message]).joined(separator: ": ") }
}

/// Runs `body` and puts `place` in front of any error it throws.
public func located<R>(_ place: @autoclosure () -> String, _ body: () throws -> R) throws -> R {
    do {
        return try body()
    } catch var error as DLCError {
        error.path.insert(place(), at: 0)
        throw error
    }
}

/// Arithmetic on sizes that come from outside: throws where an `Int` would overflow.
public enum Checked {
    public static func add(_ a: Int, _ b: Int) throws -> Int {
        let (sum, overflow) = a.addingReportingOverflow(b)
        if overflow { throw DLCError("size overflows: \(a) + \(b)") }
        return sum
    }

    public static func multiply(_ a: Int, _ b: Int) throws -> Int {
        let (product, overflow) = a.multipliedReportingOverflow(by: b)
        if overflow { throw DLCError("size overflows: \(a) × \(b)") }
        return product
    }

    /// The number of elements of a shape; throws on a negative extent or an overflow.
    public static func count(_ shape: [Int]) throws -> Int {
        var count = 1
        var isEmpty = false
        for extent in shape {
            if extent < 0 { throw DLCError("shape \(shape) has a negative extent") }
            if extent == 0 { isEmpty = true } else { count = try multiply(count, extent) }
        }
        return isEmpty ? 0 : count
    }
}

extension String {
    /// The text as part of a message: a name from a file may hold anything and be of any length.
    /// - Parameter most: characters beyond it are left out.
    public func printable(most: Int = 100) -> String {
        let start = unicodeScalars.prefix(most + 1)
        let clean = String(start.map { $0.properties.generalCategory == .control ? " " : Character($0) })
        return start.count > most ? clean.prefix(most - 1) + "…" : clean
    }
}
