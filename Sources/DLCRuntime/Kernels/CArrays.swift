/// Fills a fixed C array, imported as a tuple, with values; what is left over keeps its value.
/// - Throws: where there are more values than places.
func fill<Tuple, Element>(_ tuple: inout Tuple, _ values: [Element]) throws {
    let capacity = MemoryLayout<Tuple>.size / MemoryLayout<Element>.stride
    guard values.count <= capacity else { throw DLCError("\(values.count) values where a kernel takes \(capacity)") }
    withUnsafeMutableBytes(of: &tuple) { bytes in
        let places = bytes.bindMemory(to: Element.self)
        for (index, value) in values.enumerated() { places[index] = value }
    }
}
