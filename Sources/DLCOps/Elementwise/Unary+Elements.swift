import DLCGraph

/// Shape arithmetic through functions of one tensor.
extension Unary: FollowsElements {
    public func follow(_ operands: [Fact?], _ result: Fact) throws -> Elements? {
        guard let x = operands[0], let elements = x.elements else { return nil }
        switch elements {
        case .whole(let dims):
            guard x.element.isFollowed || x.element == .bool else { return nil }
            let followed = try dims.compactMap { try follow($0) }
            return followed.count == dims.count ? .whole(followed) : nil
        case .real(let values):
            guard function != .isNaN else { return nil }
            let followed = try values.compactMap { try follow($0, x.element) }
            return followed.count == values.count ? .real(followed) : nil
        }
    }

    private func follow(_ x: Dim) throws -> Dim? {
        switch function {
        case .neg: try x.times(-1)
        case .relu: try Dim.max(x, 0)
        case .abs: try Dim.max(x, x.times(-1))
        case .sign: try x.times(-1).isNegative().minus(x.isNegative())
        case .not: try x.not()
        case .bitwiseNot: try x.times(-1).minus(1)
        default: nil
        }
    }

    private func follow(_ x: Real, _ type: ElementType) throws -> Real? {
        switch function {
        case .neg: try Real.apply(.neg, type, [x])
        case .relu: try Real.apply(.max, type, [x, Real(0.0)])
        case .abs: try Real.apply(.abs, type, [x])
        case .floor: try Real.apply(.floor, type, [x])
        case .ceil: try Real.apply(.ceil, type, [x])
        case .round: try Real.apply(.round, type, [x])
        case .sqrt: try Real.apply(.sqrt, type, [x])
        case .reciprocal: try Real.apply(.reciprocal, type, [x])
        case .exp: try Real.apply(.exp, type, [x])
        case .log: try Real.apply(.log, type, [x])
        default: nil
        }
    }
}

extension Clip: FollowsElements {
    public func follow(_ operands: [Fact?], _ result: Fact) throws -> Elements? {
        guard let x = operands[0], let elements = x.elements else { return nil }
        switch elements {
        case .whole(var dims):
            guard x.element.isFollowed else { return nil }
            func whole(_ limit: Double) -> Dim { Dim(Int(exactly: limit) ?? (limit < 0 ? .min : .max)) }
            if let low = min { dims = try dims.map { try Dim.max($0, whole(low.rounded(.up))) } }
            if let high = max { dims = try dims.map { try Dim.min($0, whole(high.rounded(.down))) } }
            return .whole(dims)
        case .real(var values):
            if let low = min { values = try values.map { try Real.apply(.max, x.element, [$0, Real(low)]) } }
            if let high = max { values = try values.map { try Real.apply(.min, x.element, [$0, Real(high)]) } }
            return .real(values)
        }
    }
}

extension Cast: FollowsElements {
    public func follow(_ operands: [Fact?], _ result: Fact) throws -> Elements? {
        guard let x = operands[0], let elements = x.elements else { return nil }
        switch elements {
        case .whole(let dims):
            guard x.element.isFollowed || x.element == .bool || dims.constants != nil, x.element != .uint64 else { return nil }
            if to.isFollowed { return .whole(dims) }
            if to == .bool { return .whole(try dims.map { try $0.isZero().not() }) }
            return to == .float32 || to == .float64 ? .real(dims.map { Real($0) }) : nil
        case .real(let values):
            if to.isFollowed { return .whole(try values.map { try $0.truncated() }) }
            if to == .bool { return .whole(try values.map { try $0.isNotZero() }) }
            return to == .float32 || to == .float64 ? .real(try values.map { try Real.apply(.convert, to, [$0]) }) : nil
        }
    }
}

extension Where: FollowsElements {
    public func follow(_ operands: [Fact?], _ result: Fact) throws -> Elements? {
        guard let condition = operands[0]?.content, let x = operands[1]?.elements, let y = operands[2]?.elements,
            let extents = result.shape.constants
        else { return nil }
        let places = operands.compactMap { $0?.shape.constants }.map { Oracle.broadcastIndices($0, to: extents) }
        guard places.count == 3 else { return nil }
        switch (x, y) {
        case (.whole(let x), .whole(let y)):
            return .whole(try places[0].indices.map { try Dim.select(condition[places[0][$0]], x[places[1][$0]], y[places[2][$0]]) })
        case (.real(let x), .real(let y)):
            let chosen = try places[0].indices.compactMap { try Real.select(condition[places[0][$0]], x[places[1][$0]], y[places[2][$0]]) }
            return chosen.count == places[0].count ? .real(chosen) : nil
        default: return nil
        }
    }
}
