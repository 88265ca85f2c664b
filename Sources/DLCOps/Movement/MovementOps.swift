import DLCGraph

/// Operators that move, select or make elements.
enum MovementOps {
    static let definitions: [OperatorDefinition] = ArgReduce.table + [
        Reshape.definition,
        Transpose.definition,
        BitCast.definition,
        Concat.definition,
        Slice.definition,
        Expand.definition,
        Tile.definition,
        Pad.definition,
        Gather.definition,
        GatherElements.definition,
        GatherND.definition,
        Fill.definition,
        ShapeOf.definition,
        Size.definition,
        RangeOf.definition,
        ScatterElements.definition,
        ScatterND.definition,
        TopK.definition,
        OneHot.definition,
        Trilu.definition,
        CumSum.definition,
        ReverseSequence.definition,
        EyeLike.definition,
        NonZero.definition,
        Compress.definition,
        Unique.definition,
        Measure.definition,
        ImageDecoder.definition,
    ]
}
