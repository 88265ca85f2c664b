/// The mean of a count of numbers and one more.
block average(mean, count, x) {
    return mean + (x - mean) / (count + 1)
}
