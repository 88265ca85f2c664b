import DLCTensor
import DLCTensorFiles
import Testing

@testable import DLCData

/// Data that must be refused with a message, and no trap.
struct BrokenInput: Sendable, CustomTestStringConvertible {
    let testDescription: String
    /// Parts of the message.
    var says: [String]
    let fields: [WantedField]
    let options: DataOptions
    /// Makes the data and returns the path to open.
    let make: @Sendable (TemporaryFolder) throws -> String

    init(
        _ name: String, says: String...,
        fields: [WantedField] = [WantedField("x", .float32, [2]), WantedField("y", .int64, [], classes: 3)],
        options: DataOptions = DataOptions(), make: @escaping @Sendable (TemporaryFolder) throws -> String
    ) {
        (testDescription, self.says, self.fields, self.options, self.make) = (name, says, fields, options, make)
    }
}

@Suite struct BrokenInputs {
    @Test(arguments: arrays + texts + tables + pictures + boxesAndSounds) func isRefused(_ input: BrokenInput) throws {
        try withTemporaryFolder { folder in
            let path = try input.make(folder)
            let error = try #require(throws: DLCError.self) {
                let data = try Datasets.open(path, wanting: input.fields, options: input.options)
                for start in stride(from: 0, to: data.count, by: 64) { _ = try data.batch(Array(start..<min(start + 64, data.count))) }
            }
            let message = "\(error)"
            for part in input.says { #expect(message.contains(part), "\(message)") }
        }
    }

    private static func pair(_ x: Tensor, _ y: Tensor) -> @Sendable (TemporaryFolder) throws -> String {
        { folder in
            let path = try folder.path("data.npz")
            try NPZ.write([("x", x), ("y", y)], to: path)
            return path
        }
    }

    private static func npy(_ change: @escaping @Sendable (inout [UInt8]) -> Void) -> @Sendable (TemporaryFolder) throws -> String {
        { folder in
            let path = try folder.write(Tensor([1, 2, 3, 4] as [Float], shape: [2, 2]), "x.npy")
            var bytes = try DataFile(path).bytes(at: 0, count: .max)
            change(&bytes)
            return try folder.write(bytes, "x.npy")
        }
    }

    static let arrays: [BrokenInput] = try! {
        let x = try Tensor([1, 2, 3, 4] as [Float], shape: [2, 2])
        let y = try Tensor([0, 2] as [Int64], shape: [2])
        let oneField = [WantedField("x", .float32, [2])]
        return [
            BrokenInput("nothing there", says: "nowhere.npz", "no such file") { "\($0.path)/nowhere.npz" },
            BrokenInput("no known format", says: "a.xyz", "expected") { try $0.write("?", "a.xyz") },
            BrokenInput("empty folder", says: "empty folder") { folder in
                try folder.folder("none")
                return "\(folder.path)/none"
            },
            BrokenInput("folder of strange files", says: "no known format") { folder in
                try folder.write("?", "set/a.xyz")
                return "\(folder.path)/set"
            },
            BrokenInput(
                "counts differ", says: "x has 2 examples and y has 3", make: pair(x, try Tensor([0, 1, 2] as [Int64], shape: [3]))),
            BrokenInput(
                "label out of range", says: "y: example 1", "y is 3", "from 0 to 2",
                make: pair(x, try Tensor([0, 3] as [Int64], shape: [2]))),
            BrokenInput("label below 0", says: "example 0", "y is -1", make: pair(x, try Tensor([-1, 0] as [Int8], shape: [2]))),
            BrokenInput(
                "label is no whole number", says: "y is 0.5", "whole number", make: pair(x, try Tensor([0, 0.5] as [Float], shape: [2]))),
            BrokenInput("label is NaN", says: "y is nan", make: pair(x, try Tensor([0, .nan] as [Float], shape: [2]))),
            BrokenInput(
                "label beyond Int64", says: "18446744073709551615", make: pair(x, try Tensor([0, .max] as [UInt64], shape: [2]))),
            BrokenInput(
                "integer beyond its type", says: "x is 300", "0 to 255", fields: [WantedField("x", .uint8, [2])],
                make: pair(try Tensor([1, 300] as [Int16], shape: [1, 2]), y)),
            BrokenInput(
                "NaN", says: "x: example 1", "x is nan, element 0", make: pair(try Tensor([1, 2, .nan, 4] as [Float], shape: [2, 2]), y)),
            BrokenInput("infinity", says: "x is -inf", make: pair(try Tensor([1, -.infinity, 3, 4] as [Double], shape: [2, 2]), y)),
            BrokenInput("shape does not fit", says: "x: f32[1, 4]", "[examples, 2]", make: pair(try x.reshaped([1, 4]), y)),
            BrokenInput(
                "channels behind for channels in front", says: "expected [examples, 3, 2, 2]",
                fields: [WantedField("x", .float32, [3, 2, 2])],
                make: pair(try Tensor(filling: 0, type: .float32, shape: [2, 2, 2, 3]), y)),
            BrokenInput(
                "no array for a field", says: "what is read into z", "x: f32[2, 2]", fields: oneField + [WantedField("z", .float32, [7])],
                make: pair(x, y)),
            BrokenInput(
                "two arrays would do", says: "more than one fits", fields: [WantedField("z", .float32, [nil])],
                make: pair(x, try Tensor([1, 2, 3, 4] as [Float], shape: [2, 2]))),
            BrokenInput(
                "no examples", says: "no examples",
                make: pair(try Tensor([] as [Float], shape: [0, 2]), try Tensor([] as [Int64], shape: [0]))),
            BrokenInput("array without dimensions", says: "counts the examples", fields: oneField) {
                try $0.write(Tensor([1 as Float], shape: []), "x.npy")
            },
            BrokenInput(
                "unknown source", says: "there is no q",
                options: {
                    var o = DataOptions()
                    o.sources = ["x": "q"]
                    return o
                }(), make: pair(x, y)),
            BrokenInput(
                "source for no field", says: "the field q",
                options: {
                    var o = DataOptions()
                    o.sources = ["q": "x"]
                    return o
                }(), make: pair(x, y)),
            BrokenInput("npy: wrong magic", says: "x.npy", "no npy file", fields: oneField, make: npy { $0[1] = 0 }),
            BrokenInput("npy: truncated", says: "truncated", fields: oneField, make: npy { $0.removeLast() }),
            BrokenInput("npy: empty", says: "no npy file", fields: oneField, make: npy { $0 = [] }),
            BrokenInput("npy: a future version", says: "version 9", fields: oneField, make: npy { $0[6] = 9 }),
            BrokenInput("npz: no archive", says: "no zip archive") { try $0.write("PK, no", "data.npz") },
            BrokenInput("npz: a strange file in it", says: "expected names that end in .npy") { folder in
                let path = try folder.path("data.npz")
                try NPZ.write([("x", x)], to: path)
                let bytes = try DataFile(path).bytes(at: 0, count: .max)
                return try folder.write(bytes.map { $0 == UInt8(ascii: "n") ? UInt8(ascii: "m") : $0 }, "data.npz")
            },
            BrokenInput("safetensors: no header", says: "no safetensors file") { try $0.write("abc", "data.safetensors") },
            BrokenInput("a folder's name is a file's", says: "is no regular file") { folder in
                try folder.folder("x.npy/y.npy")
                return "\(folder.path)/x.npy"
            },
            BrokenInput("bool of value 2", says: "bool of value 2", fields: [WantedField("x", .bool, [2])]) { folder in
                let path = try folder.write(Tensor([true, true], shape: [1, 2]), "x.npy")
                var bytes = try DataFile(path).bytes(at: 0, count: .max)
                bytes[bytes.count - 1] = 2
                return try folder.write(bytes, "x.npy")
            },
        ]
    }()
}
