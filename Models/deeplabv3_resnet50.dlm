// Chen, Papandreou, Schroff and Adam, "Rethinking atrous convolution for semantic image segmentation", 2017.
// Parameters have the names of torchvision's deeplabv3_resnet50, the auxiliary head included.

import "blocks/resnet.dlm"
import "blocks/segmentation.dlm"

block unit(x, width, kernel, dilation, name0, name1) {
    padding = kernel == 3 ? dilation : 0
    return x.conv(width, kernel: kernel, padding: padding, dilation: dilation, bias: false, name: name0).batchNorm(name: name1).relu()
}

/// Convolutions with ever wider kernels beside one another, and the average of the whole image.
block pyramid(x, rates, width = 256) {
    parts = [x.unit(width, 1, 1, "0", "1", name: "convs.0")]
    for i in 0..<rates.count { parts = parts + [x.unit(width, 3, rates[i], "0", "1", name: "convs.\(i + 1)")] }
    average = x.globalAveragePool().unit(width, 1, 1, "1", "2", name: "convs.\(rates.count + 1)")
    parts = parts + [average.expand([-1, -1, x.shape[2], x.shape[3]])]
    return concat(parts, axis: 1).unit(width, 1, 1, "0", "1", name: "project").dropout(0.5)
}

/// Gives a logit per class and pixel, from the last stage and, as `aux`, from the one before.
model DeepLabV3ResNet50(image: f32[N, 3, height, width], classes = 21, height = 520, width = 520) {
    maps = image.stages(bottleneck, [3, 4, 6, 3], outputStride: 8, name: "backbone")
    x = maps[3].pyramid([12, 24, 36], name: "classifier.0").unit(256, 3, 1, "1", "2", name: "classifier")
    out = x.conv(classes, kernel: 1, name: "classifier.4")
    aux = maps[2].fcnHead(classes, name: "aux_classifier")
    return logits: out.upsample(size: [height, width], mode: "bilinear"), aux: aux.upsample(size: [height, width], mode: "bilinear")
}
