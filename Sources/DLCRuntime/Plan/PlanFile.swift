import CKernels

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// The `.dlc` file.
///
///     offset  bytes  what
///          0      8  "DLCPLAN\0"
///          8      4  format version
///         12      1  target (`Target.rawValue`); three bytes of zero follow
///         16      8  bytes of the table
///         24      8  offset of the constants, a multiple of 4096
///         32      8  bytes of the constants
///         40      8  FNV-1a checksum of the table
///         48     16  zero
///         64         the table (`Plan.encoded`)
///
/// All numbers are little-endian. Constants are aligned to 64 bytes and used in place from the mapped file.
public enum PlanFile {
    static let magic: [UInt8] = Array("DLCPLAN\0".utf8)
    /// Raised whenever the table or a packing changes; what kernels declare has revisions of its own in the table.
    public static let version: UInt32 = 13
    static let headerBytes = 64
    static let pageBytes = 4096

    /// Writes a plan and its constants; nothing is left behind where writing fails.
    /// - Throws: where the file cannot be written.
    public static func write(_ image: PlanImage, to path: String) throws {
        let table = try image.plan.encoded()
        var header = magic
        func append<T: FixedWidthInteger>(_ value: T) { withUnsafeBytes(of: value.littleEndian) { header.append(contentsOf: $0) } }
        let constantsOffset = roundUp(headerBytes + table.count, pageBytes)
        append(version)
        header.append(image.plan.target.rawValue)
        header += [0, 0, 0]
        append(UInt64(table.count))
        append(UInt64(constantsOffset))
        append(UInt64(image.constantBytes))
        append(table.withUnsafeBytes { checksum($0) })
        header += [UInt8](repeating: 0, count: headerBytes - header.count)

        let temporary = "\(path).\(getpid()).partial"
        guard let file = fopen(temporary, "wb") else { throw DLCError("cannot write: \(String(cString: strerror(errno)))", at: [path]) }
        var isComplete = false
        defer { if !isComplete { unlink(temporary) } }
        do {
            defer { fclose(file) }
            func put(_ bytes: UnsafeRawBufferPointer) throws {
                guard let base = bytes.baseAddress, bytes.count > 0 else { return }
                guard fwrite(base, 1, bytes.count, file) == bytes.count else {
                    throw DLCError("cannot write: \(String(cString: strerror(errno)))", at: [path])
                }
            }
            func pad(_ count: Int) throws { try [UInt8](repeating: 0, count: count).withUnsafeBytes { try put($0) } }
            try header.withUnsafeBytes { try put($0) }
            try table.withUnsafeBytes { try put($0) }
            try pad(constantsOffset - headerBytes - table.count)
            var position = 0
            for (constant, tensor) in zip(image.plan.constants, image.constants) {
                try pad(constant.offset - position)
                if constant.strings > 0 {
                    try StringTable.encoded(tensor).withUnsafeBytes { try put($0) }
                } else {
                    try tensor.withUnsafeBytes { try put($0) }
                }
                position = constant.offset + constant.bytesInFile
            }
            guard fflush(file) == 0 else { throw DLCError("cannot write: \(String(cString: strerror(errno)))", at: [path]) }
        }
        guard rename(temporary, path) == 0 else { throw DLCError("cannot write: \(String(cString: strerror(errno)))", at: [path]) }
        isComplete = true
    }

    /// Reads the header and the table of a mapped file.
    /// - Throws: where the file is no plan, is of another version, is damaged, or is for more than this processor has.
    static func read(_ file: MappedFile) throws -> (plan: Plan, constants: UnsafeRawBufferPointer) {
        let bytes = file.bytes
        guard bytes.count >= headerBytes, bytes.prefix(8).elementsEqual(magic) else {
            throw DLCError(bytes.isEmpty ? "the file is empty; expected a compiled .dlc file" : "not a compiled .dlc file")
        }
        func load<T: FixedWidthInteger>(_ offset: Int, _: T.Type) -> T {
            T(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: T.self))
        }
        let fileVersion = load(8, UInt32.self)
        guard fileVersion == version else {
            throw DLCError("compiled as format \(fileVersion), this is format \(version): build it again")
        }
        guard let target = Target(rawValue: bytes[12]) else { throw DLCError("compiled for unknown target \(bytes[12])") }
        guard target.runsHere else {
            throw DLCError("compiled for \(target.name), which needs \(target.requirement); this processor is \(Target.native.name)")
        }
        let tableBytes = load(16, UInt64.self)
        let constantsOffset = load(24, UInt64.self)
        let constantBytes = load(32, UInt64.self)
        let size = UInt64(bytes.count)
        guard tableBytes <= size - UInt64(headerBytes), constantsOffset % UInt64(pageBytes) == 0,
            constantsOffset >= UInt64(headerBytes) + tableBytes
        else { throw DLCError("the file is damaged: its table does not fit") }
        guard constantsOffset <= size || constantBytes == 0, constantBytes <= size &- min(constantsOffset, size) else {
            let needed = constantsOffset.addingReportingOverflow(constantBytes).partialValue
            throw DLCError("the file is truncated: \(size) bytes, its header promises \(needed)")
        }
        let table = UnsafeRawBufferPointer(rebasing: bytes[headerBytes..<headerBytes + Int(tableBytes)])
        guard checksum(table) == load(40, UInt64.self) else { throw DLCError("the file is damaged: the checksum of its table differs") }
        let start = Int(min(constantsOffset, size))
        let constants = UnsafeRawBufferPointer(rebasing: bytes[start..<start + Int(constantBytes)])
        var reader = ByteReader(table)
        return (try Plan(decoding: &reader, target: target, constantBytes: constants.count), constants)
    }

    static func roundUp(_ value: Int, _ step: Int) -> Int { (value + step - 1) / step * step }

    /// FNV-1a, 64 bits.
    private static func checksum(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
        return hash
    }
}

/// A plan together with its constants in memory, before it is written.
public struct PlanImage: Sendable {
    public private(set) var plan: Plan
    public private(set) var constants: [Tensor] = []
    private var indexes: [UInt: Int] = [:]

    public init(plan: Plan) { self.plan = plan }

    /// Bytes of all constants with their padding.
    public var constantBytes: Int { plan.constants.last.map { $0.offset + $0.bytesInFile } ?? 0 }

    /// Adds a constant, once for the same bytes, and returns its index.
    public mutating func add(_ tensor: Tensor) -> Int {
        if let index = indexes[tensor.identity], constants[index].byteCount >= tensor.byteCount { return index }
        // Handles that mean nothing are refused when the file is written.
        let strings = tensor.type == .string ? (try? StringTable.byteCount(tensor)) ?? 0 : 0
        plan.constants.append(Plan.Constant(offset: PlanFile.roundUp(constantBytes, 64), bytes: tensor.byteCount, strings: strings))
        constants.append(tensor)
        indexes[tensor.identity] = constants.count - 1
        return constants.count - 1
    }

    /// Takes in a program whose image began with this one's constants.
    public mutating func append(_ program: PlanImage) {
        (constants, indexes) = (program.constants, program.indexes)
        plan.constants = program.plan.constants
        plan.programs.append(program.plan)
        for index in plan.programs.indices { plan.programs[index].constants = plan.constants }
    }

    /// An image for a further program, over the same constants.
    public init(plan: Plan, sharing other: PlanImage) {
        self.plan = plan
        self.plan.constants = other.plan.constants
        (constants, indexes) = (other.constants, other.indexes)
    }

    public mutating func update(_ body: (inout Plan) throws -> Void) rethrows { try body(&plan) }
}
