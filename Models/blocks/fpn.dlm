// Lin, Dollár, Girshick, He, Hariharan and Belongie, "Feature pyramid networks for object detection", 2017.

/// Maps of one width from those of a backbone, finest first: each with what lies above it added, enlarged.
block pyramid(maps, width) {
    above = none
    levels = []
    for i in 0..<maps.count {
        level = maps.count - 1 - i
        x = maps[level].conv(width, name: "inner_blocks.\(level).0")
        if i > 0 { x = x + above.upsample(2) }
        above = x
        levels = [x.conv(width, kernel: 3, padding: 1, name: "layer_blocks.\(level).0")] + levels
    }
    return levels
}
