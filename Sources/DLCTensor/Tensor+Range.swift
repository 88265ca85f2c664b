extension Tensor {
    /// How many of `start`, `start + delta`, … there are before `limit` (ONNX Range), exactly for integers.
    /// - Parameter limits: the three, scalars of one type.
    /// - Throws: where there is no end, or one beyond what memory could hold.
    package static func rangeCount(_ limits: [Tensor]) throws -> Int {
        guard limits.count == 3, limits.allSatisfy({ $0.count == 1 && $0.type == limits[0].type }) else {
            throw DLCError("the limits are no scalars of one type")
        }
        func endless() throws -> Never {
            let words = try limits.map { limit -> String in
                if limit.type.isFloat { return try limit.doubles()[0].description }
                return try limit.integers()[0].description
            }
            throw DLCError("the range from \(words[0]) to \(words[1]) by \(words[2]) has no end")
        }
        if limits[0].type.isFloat {
            let numbers = try limits.map { try $0.doubles()[0] }
            let steps = ((numbers[1] - numbers[0]) / numbers[2]).rounded(.up)
            guard steps.isFinite, steps < 0x1p40 else { try endless() }
            return Int(max(steps, 0))
        }
        let numbers = try limits.map { try $0.integers()[0] }
        let (start, limit, delta) = (numbers[0], numbers[1], numbers[2])
        guard delta != 0 else { try endless() }
        guard delta > 0 ? start < limit : limit < start else { return 0 }
        // The distance of two integers fits into as many bits without a sign.
        let distance = UInt64(bitPattern: delta > 0 ? limit &- start : start &- limit)
        let steps = (distance - 1) / delta.magnitude + 1
        guard steps < 1 << 40 else { try endless() }
        return Int(steps)
    }

    /// `start`, `start + delta`, … up to but without `limit`.
    /// - Throws: what `rangeCount` throws, or where there is not enough memory.
    package static func range(_ limits: [Tensor]) throws -> Tensor {
        let count = try rangeCount(limits)
        let type = limits[0].type
        func filled<T: TensorElement>(_ element: (Int) -> T) throws -> Tensor {
            try Tensor(type: T.elementType, shape: [count]) { bytes in
                for index in 0..<count { bytes.storeBytes(of: element(index), toByteOffset: index * MemoryLayout<T>.size, as: T.self) }
            }.converted(to: type)
        }
        if type.isFloat {
            let (start, delta) = (try limits[0].doubles()[0], try limits[2].doubles()[0])
            return try filled { start + Double($0) * delta }
        }
        let (start, delta) = (try limits[0].integers()[0], try limits[2].integers()[0])
        return try filled { start &+ Int64($0) &* delta }
    }
}
