import "blocks/average.dlm"

/// The mean of all numbers since the first run.
model RunningMean(x: f32[1]) {
    state mean: f32[1]
    state count: f32[1]
    y = mean.average(count, x)
    next mean = y
    next count = count + 1
    return y: y
}
