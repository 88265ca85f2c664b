import Synchronization

/// The texts that tensors of strings hold, each once.
///
/// An element of such a tensor is a handle of eight bytes, and equal handles mean equal texts: what moves or compares integers of
/// 64 bits moves and compares strings. Up to seven bytes of text lie in the handle itself, the first in its lowest byte, their
/// number in its highest; zero is the empty text. Longer texts lie in the pool, where they are counted: a tensor's storage holds
/// those of its elements, and what nobody holds is forgotten. The handle of a text that is gone, or a number that never was a
/// handle, is told by the generation in it and refused, so that no number from outside leads anywhere.
///
/// A text is bytes; ONNX wants UTF-8, but files keep others too. All may be called by any thread.
package final class StringPool: Sendable {
    package typealias Handle = UInt64

    package static let shared = StringPool()

    /// The most bytes of one text, as in ONNX's files.
    package static let mostBytes = Int(Int32.max)

    private struct Entry {
        var text: [UInt8]
        var uses: Int
        var generation: UInt64
    }

    private struct Table {
        var entries: [Entry] = []
        var free: [Int] = []
        var places: [[UInt8]: Int] = [:]

        /// The place of what a handle of the pool means.
        func place(_ handle: Handle) throws -> Int {
            let place = Int(handle & 0xffff_ffff)
            guard handle & StringPool.isPooled != 0, place < entries.count, entries[place].uses > 0,
                entries[place].generation == handle >> 32 & StringPool.generations
            else { throw DLCError("an element of a tensor of strings is none, or is used after its tensor") }
            return place
        }

        mutating func release(_ place: Int) {
            entries[place].uses -= 1
            guard entries[place].uses == 0 else { return }
            places[entries[place].text] = nil
            entries[place].text = []
            entries[place].generation = (entries[place].generation + 1) & StringPool.generations
            free.append(place)
        }
    }

    private static let isPooled: Handle = 1 << 63
    private static let generations: UInt64 = 0x7fff_ffff
    private let table = Mutex(Table())

    package init() {}

    /// Handles of texts, held once each.
    /// - Throws: where a text is longer than `mostBytes`, or there are too many.
    package func intern(_ texts: [[UInt8]]) throws -> [Handle] {
        if let long = texts.first(where: { $0.count > Self.mostBytes }) {
            throw DLCError("a string of \(long.count) bytes; at most \(Self.mostBytes) are possible")
        }
        return try table.withLock { table in
            try texts.map { text in
                if text.count < 8 { return Self.inline(text) }
                if let place = table.places[text] {
                    table.entries[place].uses += 1
                    return Self.handle(place, table.entries[place].generation)
                }
                let place = table.free.popLast() ?? table.entries.count
                guard place <= 0xffff_ffff else { throw DLCError("there are \(place) different strings; no more are possible") }
                if place == table.entries.count {
                    table.entries.append(Entry(text: text, uses: 1, generation: 0))
                } else {
                    table.entries[place].text = text
                    table.entries[place].uses = 1
                }
                table.places[text] = place
                return Self.handle(place, table.entries[place].generation)
            }
        }
    }

    /// Holds the texts of handles once more.
    /// - Throws: where one is no handle; then none is held.
    package func retain(_ handles: UnsafeBufferPointer<Handle>) throws {
        guard handles.contains(where: { !Self.isInline($0) }) else { return }
        try table.withLock { table in
            for (index, handle) in handles.enumerated() where !Self.isInline(handle) {
                do {
                    table.entries[try table.place(handle)].uses += 1
                } catch {
                    for other in handles[..<index] where !Self.isInline(other) {
                        if let place = try? table.place(other) { table.release(place) }
                    }
                    throw error
                }
            }
        }
    }

    /// Lets go of texts that were held as often.
    package func release(_ handles: UnsafeBufferPointer<Handle>) {
        guard handles.contains(where: { !Self.isInline($0) }) else { return }
        table.withLock { table in
            for handle in handles where !Self.isInline(handle) {
                if let place = try? table.place(handle) { table.release(place) }
            }
        }
    }

    /// The texts of handles.
    /// - Throws: where one is no handle.
    package func texts(_ handles: UnsafeBufferPointer<Handle>) throws -> [[UInt8]] {
        try table.withLock { table in
            try handles.map { handle in
                if !Self.isInline(handle) { return table.entries[try table.place(handle)].text }
                return (0..<(handle >> 56)).map { UInt8(truncatingIfNeeded: handle >> ($0 * 8)) }
            }
        }
    }

    /// How many texts the pool holds.
    package var count: Int { table.withLock { $0.places.count } }

    private static func inline(_ text: [UInt8]) -> Handle {
        var handle = Handle(text.count) << 56
        for (index, byte) in text.enumerated() { handle |= Handle(byte) << Handle(index * 8) }
        return handle
    }

    /// Whether the text lies in the handle.
    private static func isInline(_ handle: Handle) -> Bool {
        let count = handle >> 56
        return count < 8 && (handle & 0x00ff_ffff_ffff_ffff) >> (count * 8) == 0
    }

    private static func handle(_ place: Int, _ generation: UInt64) -> Handle { isPooled | generation << 32 | Handle(place) }
}
