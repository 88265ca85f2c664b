@_exported import DLCSafetensors
import DLCTensor

/// NumPy's file of one array (NEP 1, versions 1.0, 2.0 and 3.0), in little-endian order.
public enum NPY {
    private static let magic: [UInt8] = [0x93] + Array("NUMPY".utf8)

    /// The array in the file, in row-major order whichever order it is stored in.
    /// - Throws: where the file cannot be read, is no npy file, is truncated, or has elements of a type that
    ///   tensors do not have (objects, complex and big-endian numbers, records).
    public static func read(_ path: String) throws -> Tensor {
        try located(path) { try tensor(from: FileBytes.read(path)[...]) }
    }

    /// Writes the tensor as version 1.0. NumPy has no bfloat16: such a tensor is written as float32, which holds
    /// the same values.
    public static func write(_ tensor: Tensor, to path: String) throws {
        try located(path) { try FileBytes.write(bytes(of: tensor), to: path) }
    }

    static func tensor(from file: ArraySlice<UInt8>) throws -> Tensor {
        let (header, start) = try layout(of: file)
        let data = file[(file.startIndex + start)...].prefix(try Checked.count(header.shape) * header.elementSize)
        if header.type == .bool, let odd = data.first(where: { $0 > 1 }) {
            throw DLCError("has a bool of value \(odd); expected 0 or 1")
        }
        let shape = header.isFortranOrder ? header.shape.reversed() : header.shape
        if let strings = header.strings {
            let stored = try Tensor(texts: strings.texts(data, count: Checked.count(shape)), shape: shape)
            return header.isFortranOrder ? try reversingAxes(of: stored) : stored
        }
        let stored = try Tensor(type: header.type, shape: shape) { target in target.copyBytes(from: data) }
        return header.isFortranOrder ? try reversingAxes(of: stored) : stored
    }

    /// The header, and the offset of the elements from the beginning; they are all there.
    static func layout<Bytes: RandomAccessCollection>(
        of file: Bytes
    ) throws -> (header: NPYHeader, start: Int) where Bytes.Element == UInt8, Bytes.Index == Int {
        guard file.starts(with: magic), let major = file.integer(at: 6, size: 1) else {
            throw DLCError("is no npy file: it does not begin with \\x93NUMPY")
        }
        guard (1...3).contains(major) else { throw DLCError("has npy version \(major); versions 1 to 3 are read") }
        let lengthSize = major == 1 ? 2 : 4
        let start = 8 + lengthSize
        guard let length = file.integer(at: 8, size: lengthSize), let text = file.part(at: start, length: length) else {
            throw DLCError("is truncated inside the npy header")
        }
        let header = try NPYHeader(parsing: Array(text)[...])
        let byteCount = try Checked.multiply(Checked.count(header.shape), header.elementSize)
        guard file.part(at: start + length, length: byteCount) != nil else {
            throw DLCError("is truncated: \(header.type)\(header.shape) needs \(byteCount) bytes, there are \(file.count - start - length)")
        }
        return (header, start + length)
    }

    static func bytes(of tensor: Tensor) throws -> [UInt8] {
        // What NumPy has no type for goes into one that holds it.
        let held = tensor.type == .bfloat16 || (tensor.type.isNarrow && tensor.type.isFloat) ? .float32
            : tensor.type.isNarrow ? (tensor.type.isSigned ? .int8 : .uint8) : tensor.type
        let tensor = try tensor.converted(to: held)
        let texts = tensor.type == .string ? try tensor.texts() : []
        var header = NPYHeader(type: tensor.type, shape: tensor.shape)
        if tensor.type == .string { header.strings = try NPYStrings(texts) }
        guard let text = header.text else {
            throw DLCError("npy has no type for \(tensor.type)")
        }
        // The data begins at a multiple of 64; a space fills up, a newline ends the header.
        let headerCount = (magic.count + 4 + text.utf8.count + 1 + 63) / 64 * 64
        guard headerCount - 10 <= Int(UInt16.max) else { throw DLCError("\(tensor.rank) dimensions do not fit an npy header") }
        var file = magic + [1, 0]
        file.reserveCapacity(headerCount + tensor.byteCount)
        file.append(headerCount - 10, size: 2)
        file += Array(text.utf8)
        file += [UInt8](repeating: UInt8(ascii: " "), count: headerCount - 1 - file.count)
        file.append(UInt8(ascii: "\n"))
        if let strings = header.strings { return file + strings.encoded(texts) }
        tensor.withUnsafeBytes { file.append(contentsOf: $0) }
        return file
    }

    /// The tensor with its axes in the opposite order.
    private static func reversingAxes(of tensor: Tensor) throws -> Tensor {
        let shape = Array(tensor.shape.reversed())
        guard tensor.count > 0, tensor.rank > 1 else { return try tensor.reshaped(shape) }
        // Strides of the source, in the order of the result's axes: 1, d0, d0·d1, …
        var strides = [Int](repeating: 1, count: shape.count)
        for axis in 1..<shape.count { strides[axis] = strides[axis - 1] * shape[axis - 1] }
        let size = tensor.type.size
        return try Tensor(type: tensor.type, shape: shape) { target in
            tensor.withUnsafeBytes { source in
                var index = [Int](repeating: 0, count: shape.count)
                var from = 0
                for to in 0..<tensor.count {
                    for byte in 0..<size { target[to * size + byte] = source[from * size + byte] }
                    for axis in shape.indices.reversed() {
                        index[axis] += 1
                        from += strides[axis]
                        if index[axis] < shape[axis] { break }
                        from -= strides[axis] * shape[axis]
                        index[axis] = 0
                    }
                }
            }
        }
    }
}
