import DLCGraph
import DLCOps

extension Elaborator {
    /// `x[:, 1:3, -1]`
    func indexed(_ base: BuildValue, _ indices: [IndexSyntax], _ range: SourceRange) -> BuildValue {
        let base = base.single
        // The parser has said that there is none.
        if indices.isEmpty { return .invalid }
        switch base {
        case .invalid:
            return .invalid
        case .tensor(let tensor): return element(of: tensor, indices, range)
        case .list, .range:
            guard indices.count == 1 else {
                report("a list has one index, found \(indices.count)", at: indices[1].range)
                return .invalid
            }
            return element(of: base.items ?? [], indices[0])
        default:
            report("\(base.found) has no elements", at: range)
            return .invalid
        }
    }

    /// The integer of an index or a bound; nil where it is left out or after a mistake, which `isWrong` says.
    private func bound(_ expression: ExpressionSyntax?, _ isWrong: inout Bool) -> Dim? {
        guard let expression else { return nil }
        let value = evaluate(expression)
        if let dim = value.dim { return dim }
        isWrong = true
        switch value.single {
        case .invalid: break
        case .tensor:
            report("an index is an integer, found \(value.found)", at: expression.range, help: "`gather` takes a tensor of indices")
        default: report("an index is an integer, found \(value.found)", at: expression.range)
        }
        return nil
    }

    // MARK: Lists

    private func element(of items: [BuildValue], _ index: IndexSyntax) -> BuildValue {
        var isWrong = false
        switch index {
        case .element(let expression):
            guard let place = bound(expression, &isWrong)?.constant else {
                if !isWrong { report("the index of a list is a known integer", at: expression.range) }
                return .invalid
            }
            guard -items.count..<items.count ~= place else {
                report("the list has \(items.count) values; there is none at \(place)", at: expression.range)
                return .invalid
            }
            return items[place < 0 ? place + items.count : place]
        case .slice(let from, let to, let step, let range):
            let (first, last, stride) = (bound(from, &isWrong), bound(to, &isWrong), bound(step, &isWrong))
            if isWrong { return .invalid }
            guard stride == nil || stride == 1 || stride == -1 else {
                report("the step of a list is 1 or -1", at: range)
                return .invalid
            }
            let isReversed = stride == -1
            if isReversed, first != nil || last != nil {
                report("a list is reversed whole, `[::-1]`", at: range)
                return .invalid
            }
            let start = first.map { $0.constant ?? .min } ?? 0, end = last.map { $0.constant ?? .min } ?? items.count
            let low = start < 0 && start >= -items.count ? start + items.count : start
            let high = end < 0 && end >= -items.count ? end + items.count : end
            guard 0...items.count ~= low, low...items.count ~= max(high, low), high >= low else {
                report("the list has \(items.count) values; there are none from \(start) to \(end)", at: range)
                return .invalid
            }
            return reporting(at: range) { .list(try BuildList(isReversed ? items.reversed() : Array(items[low..<high]))) }
        }
    }

    // MARK: Tensors

    private func element(of x: TensorValue, _ indices: [IndexSyntax], _ range: SourceRange) -> BuildValue {
        guard indices.count <= x.rank else {
            report("\(x.type) has \(x.rank) dimensions, there are \(indices.count) indices", at: indices[x.rank].range)
            return .invalid
        }
        var op = Slice(starts: x.shape.map { _ in 0 }, sizes: x.shape, steps: x.shape.map { _ in 1 })
        var kept = Set(x.shape.indices)
        var isWrong = false
        for (axis, index) in indices.enumerated() {
            let extent = x.shape[axis]
            switch index {
            case .element(let expression):
                guard let place = bound(expression, &isWrong) else { continue }
                kept.remove(axis)
                op.sizes[axis] = 1
                op.starts[axis] = place
                if let number = place.constant {
                    if number < 0, let start = try? extent.plus(place) { op.starts[axis] = start }
                    if let known = extent.constant, !(-known..<known ~= number) {
                        isWrong = true
                        report("dimension \(axis) of \(x.type) has \(known) elements; there is none at \(number)", at: expression.range)
                    }
                }
            case .slice(let from, let to, let step, let range):
                let (first, last, stride) = (bound(from, &isWrong), bound(to, &isWrong), bound(step, &isWrong))
                if isWrong { continue }
                let result = reporting(at: range) {
                    (op.starts[axis], op.sizes[axis], op.steps[axis]) = try span(axis, of: x, first, last, stride)
                    return .none
                }
                if result.isInvalid { isWrong = true }
            }
        }
        if isWrong { return .invalid }
        return reporting(at: range) {
            let isWhole = op.sizes == x.shape && op.steps.allSatisfy { $0 == 1 }
            let part = isWhole ? x : try x.apply(op)
            if kept.count == x.rank { return .tensor(part) }
            return .tensor(try part.apply(Reshape(shape: kept.sorted().map { op.sizes[$0] })))
        }
    }

    /// Start, number and step of the elements `first:last:step` of a dimension; negative bounds count from its end.
    private func span(_ axis: Int, of x: TensorValue, _ first: Dim?, _ last: Dim?, _ step: Dim?) throws -> (Dim, Dim, Int) {
        let extent = x.shape[axis]
        guard let stride = (step ?? 1).constant, stride != 0, stride.magnitude <= 1 << 40 else {
            throw DLCError("a step is a known integer other than 0")
        }
        func place(_ bound: Dim) throws -> Dim { (bound.constant ?? 0) < 0 ? try extent.plus(bound) : bound }
        let start = try first.map(place) ?? (stride > 0 ? 0 : extent.minus(1))
        let end = try last.map(place) ?? (stride > 0 ? extent : -1)
        let distance = stride > 0 ? try end.minus(start) : try start.minus(end)
        let count = try distance.ceilingQuotient(Dim(abs(stride)))
        if let known = extent.constant, let low = start.constant, let high = end.constant {
            let isInside = stride > 0 ? 0...known ~= low && 0...known ~= high : 0..<known ~= low && -1..<known ~= high
            if !isInside { throw DLCError("dimension \(axis) of \(x.type) has \(known) elements; there are none from \(low) to \(high)") }
        }
        if let known = count.constant, known < 0 { throw DLCError("from \(start) to \(end) there are no elements in steps of \(stride)") }
        return (start, count, stride)
    }
}
