// van den Oord, Kalchbrenner and Kavukcuoglu, "Pixel recurrent neural networks", 2016.

/// The logits `[N, colours, levels, H, W]` of the levels that every colour of a pixel may have.
block levels(x, width, colours, levels) {
    x = x.relu().maskedConv(width, colours: colours, name: "0").relu().maskedConv(colours * levels, colours: colours, name: "1")
    return x.reshape([x.shape[0], colours, levels] + x.shape[2:])
}
