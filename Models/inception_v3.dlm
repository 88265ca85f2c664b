// Szegedy et al., "Rethinking the Inception architecture for computer vision", 2015.
// Parameters have torchvision's names; the auxiliary classifier is left out (--rename 'AuxLogits.*=').

import "blocks/inception.dlm"

/// 35 x 35: two 3 x 3 convolutions in place of a 5 x 5 one (figure 5).
block small(x, pooled) {
    first = x.unit(64, name: "branch1x1")
    single = x.unit(48, name: "branch5x5_1").unit(64, kernel: 5, name: "branch5x5_2")
    double = x.unit(64, name: "branch3x3dbl_1").unit(96, kernel: 3, name: "branch3x3dbl_2").unit(96, kernel: 3, name: "branch3x3dbl_3")
    return concat(first, single, double, x.averagePool(3, stride: 1, padding: 1).unit(pooled, name: "branch_pool"))
}

/// From 35 x 35 to 17 x 17 (figure 10).
block halveSmall(x) {
    single = x.unit(384, kernel: 3, stride: 2, padding: 0, name: "branch3x3")
    double = x.unit(64, name: "branch3x3dbl_1").unit(96, kernel: 3, name: "branch3x3dbl_2")
    return concat(single, double.unit(96, kernel: 3, stride: 2, padding: 0, name: "branch3x3dbl_3"), x.maxPool(3, stride: 2))
}

/// 17 x 17: 7 x 7 convolutions as rows and columns (figure 6).
block factored(x, width) {
    first = x.unit(192, name: "branch1x1")
    single = x.unit(width, name: "branch7x7_1").unit(width, kernel: [1, 7], name: "branch7x7_2").unit(192, kernel: [7, 1], name: "branch7x7_3")
    double = x.unit(width, name: "branch7x7dbl_1").unit(width, kernel: [7, 1], name: "branch7x7dbl_2")
    double = double.unit(width, kernel: [1, 7], name: "branch7x7dbl_3").unit(width, kernel: [7, 1], name: "branch7x7dbl_4")
    double = double.unit(192, kernel: [1, 7], name: "branch7x7dbl_5")
    return concat(first, single, double, x.averagePool(3, stride: 1, padding: 1).unit(192, name: "branch_pool"))
}

/// From 17 x 17 to 8 x 8.
block halveFactored(x) {
    single = x.unit(192, name: "branch3x3_1").unit(320, kernel: 3, stride: 2, padding: 0, name: "branch3x3_2")
    y = x.unit(192, name: "branch7x7x3_1").unit(192, kernel: [1, 7], name: "branch7x7x3_2").unit(192, kernel: [7, 1], name: "branch7x7x3_3")
    return concat(single, y.unit(192, kernel: 3, stride: 2, padding: 0, name: "branch7x7x3_4"), x.maxPool(3, stride: 2))
}

/// 8 x 8: rows and columns side by side (figure 7).
block wide(x) {
    first = x.unit(320, name: "branch1x1")
    single = x.unit(384, name: "branch3x3_1")
    double = x.unit(448, name: "branch3x3dbl_1").unit(384, kernel: 3, name: "branch3x3dbl_2")
    return concat(
        first, single.unit(384, kernel: [1, 3], name: "branch3x3_2a"), single.unit(384, kernel: [3, 1], name: "branch3x3_2b"),
        double.unit(384, kernel: [1, 3], name: "branch3x3dbl_3a"), double.unit(384, kernel: [3, 1], name: "branch3x3dbl_3b"),
        x.averagePool(3, stride: 1, padding: 1).unit(192, name: "branch_pool"))
}

/// Classifies images that are scaled to -1 ... 1.
model InceptionV3(image: f32[N, 3, 299, 299], classes = 1000) {
    x = image.unit(32, kernel: 3, stride: 2, padding: 0, name: "Conv2d_1a_3x3").unit(32, kernel: 3, padding: 0, name: "Conv2d_2a_3x3")
    x = x.unit(64, kernel: 3, name: "Conv2d_2b_3x3").maxPool(3, stride: 2)
    x = x.unit(80, name: "Conv2d_3b_1x1").unit(192, kernel: 3, padding: 0, name: "Conv2d_4a_3x3").maxPool(3, stride: 2)
    x = x.small(32, name: "Mixed_5b").small(64, name: "Mixed_5c").small(64, name: "Mixed_5d").halveSmall(name: "Mixed_6a")
    x = x.factored(128, name: "Mixed_6b").factored(160, name: "Mixed_6c").factored(160, name: "Mixed_6d").factored(192, name: "Mixed_6e")
    x = x.halveFactored(name: "Mixed_7a").wide(name: "Mixed_7b").wide(name: "Mixed_7c")
    return logits: x.globalAveragePool().flatten().dropout(0.5).dense(classes, init: truncatedNormal(0.1), name: "fc")
}
