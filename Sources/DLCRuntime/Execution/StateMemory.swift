#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// The tensors that a session keeps between runs. Each has two places: a run reads one, its next value goes to the other,
/// and when all have theirs the places change roles. So a run that fails leaves every state as it was, and states may be
/// computed from each other.
final class StateMemory {
    private var current: [UnsafeMutableRawPointer] = []
    private var other: [UnsafeMutableRawPointer] = []
    /// Bytes of each state.
    let sizes: [Int]

    /// All zeros.
    /// - Throws: where a size overflows or there is not enough memory.
    init(_ states: [Plan.State]) throws {
        sizes = try states.map { try Checked.multiply(Checked.count($0.shape), $0.type.size) }
        for (state, size) in zip(states, sizes) {
            for _ in 0..<2 {
                // Untouched, so that a file that promises too much costs nothing before it is found out.
                guard let place = calloc(max(size, 1), 1) else {
                    throw DLCError("out of memory: state \(state.name) needs \(size) bytes")
                }
                if current.count == other.count { current.append(place) } else { other.append(place) }
            }
        }
    }

    deinit { for place in current + other { free(place) } }

    /// The bytes that the next run reads.
    subscript(index: Int) -> UnsafeMutableRawBufferPointer {
        UnsafeMutableRawBufferPointer(start: current[index], count: sizes[index])
    }

    /// Takes over the next value of every state, which may lie in the memory of others.
    func advance(_ next: (Int) -> UnsafeRawBufferPointer) {
        for index in sizes.indices { UnsafeMutableRawBufferPointer(start: other[index], count: sizes[index]).copyMemory(from: next(index)) }
        swap(&current, &other)
    }
}
