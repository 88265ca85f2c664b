// U-Net. Ronneberger, Fischer, Brox, 2015.
import "blocks/convolution.dlm"
import "../shared.dlm"

block double(x, width) {
    repeat 2 { x = x.conv(width, kernel: 3, padding: 1, bias: false).batchNorm().relu() }
    return x
}

model UNet(image: f32[N, 3, H, W], classes = 2, base = 64) {
    check H % 16 == 0 && W % 16 == 0, "height and width must be multiples of 16"
    widths = [base, 2 * base, 4 * base, 8 * base]
    a = double(image, widths[0], name: "down0")
    b = double(a.maxPool(2), widths[1], name: "down1")
    c = double(b.maxPool(2), widths[2], name: "down2")
    d = double(c.maxPool(2), widths[3], name: "down3")
    x = double(d.maxPool(2), 16 * base, name: "middle")

    // Upwards, each beside what came down.
    skips = [a, b, c, d]
    for level in [3, 2, 1, 0] {
        x = x.convTranspose(widths[level], kernel: 2, stride: 2, name: "up\(level)")
        x = double(concat([skips[level], x], axis: 1), widths[level], name: "join\(level)")
    }
    return mask: x.conv(classes, kernel: 1)
}
