import DLCGraph
import DLCOps

/// Reductions, searches and distances, by the names that a model file uses.
extension TensorValue {
    private func reduced(_ kind: ReduceKind, _ axes: Extents, _ keepDimensions: Bool, _ name: String?) throws -> TensorValue {
        var layer = ReductionLayer(kind)
        (layer.axes, layer.keepDimensions) = (axes, keepDimensions)
        return try applying(layer, name: name)
    }

    public func sum(_ axes: Extents = [], keepDimensions: Bool = false, name: String? = nil) throws -> TensorValue {
        try reduced(.sum, axes, keepDimensions, name)
    }
    public func mean(_ axes: Extents = [], keepDimensions: Bool = false, name: String? = nil) throws -> TensorValue {
        try reduced(.mean, axes, keepDimensions, name)
    }
    public func max(_ axes: Extents = [], keepDimensions: Bool = false, name: String? = nil) throws -> TensorValue {
        try reduced(.max, axes, keepDimensions, name)
    }
    public func min(_ axes: Extents = [], keepDimensions: Bool = false, name: String? = nil) throws -> TensorValue {
        try reduced(.min, axes, keepDimensions, name)
    }
    public func product(_ axes: Extents = [], keepDimensions: Bool = false, name: String? = nil) throws -> TensorValue {
        try reduced(.prod, axes, keepDimensions, name)
    }
    public func l1Norm(_ axes: Extents = [], keepDimensions: Bool = false, name: String? = nil) throws -> TensorValue {
        try reduced(.l1, axes, keepDimensions, name)
    }
    public func l2Norm(_ axes: Extents = [], keepDimensions: Bool = false, name: String? = nil) throws -> TensorValue {
        try reduced(.l2, axes, keepDimensions, name)
    }
    public func logSumExp(_ axes: Extents = [], keepDimensions: Bool = false, name: String? = nil) throws -> TensorValue {
        try reduced(.logSumExp, axes, keepDimensions, name)
    }

    public func argmax(_ axis: Int = -1, keepDimensions: Bool = false, name: String? = nil) throws -> TensorValue {
        var layer = ArgumentOfExtremeLayer(.max)
        (layer.axis, layer.keepDimensions) = (axis, keepDimensions)
        return try applying(layer, name: name)
    }
    public func argmin(_ axis: Int = -1, keepDimensions: Bool = false, name: String? = nil) throws -> TensorValue {
        var layer = ArgumentOfExtremeLayer(.min)
        (layer.axis, layer.keepDimensions) = (axis, keepDimensions)
        return try applying(layer, name: name)
    }
    public func topK(_ k: Int, axis: Int = -1, largest: Bool = true, name: String? = nil) throws -> (
        values: TensorValue, indices: TensorValue
    ) {
        let results = try builder.layer(TopKLayer(k: k, axis: axis, largest: largest), name: name).results([self])
        return (results[0], results[1])
    }
    public func maximum(_ other: TensorValue, name: String? = nil) throws -> TensorValue {
        try applying(ExtremeLayer(function: .max), other, name: name)
    }
    public func minimum(_ other: TensorValue, name: String? = nil) throws -> TensorValue {
        try applying(ExtremeLayer(function: .min), other, name: name)
    }

    private func distance(_ kind: DistanceLayer.Kind, _ other: TensorValue, _ axis: Int, _ name: String?) throws -> TensorValue {
        var layer = DistanceLayer(kind)
        layer.axis = axis
        return try applying(layer, other, name: name)
    }
    public func l1Distance(_ other: TensorValue, axis: Int = -1, name: String? = nil) throws -> TensorValue {
        try distance(.l1Distance, other, axis, name)
    }
    public func l2Distance(_ other: TensorValue, axis: Int = -1, name: String? = nil) throws -> TensorValue {
        try distance(.l2Distance, other, axis, name)
    }
    public func cosineSimilarity(_ other: TensorValue, axis: Int = -1, name: String? = nil) throws -> TensorValue {
        try distance(.cosineSimilarity, other, axis, name)
    }
    public func cosineDistance(_ other: TensorValue, axis: Int = -1, name: String? = nil) throws -> TensorValue {
        try distance(.cosineDistance, other, axis, name)
    }
}
