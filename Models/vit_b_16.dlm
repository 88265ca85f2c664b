// Dosovitskiy et al., "An image is worth 16x16 words: transformers for image recognition at scale", 2020.
// Parameters have torchvision's names and layouts. Older files need --rename '*.linear_1.*=*.0.*' and
// --rename '*.linear_2.*=*.3.*'.

/// Attention, then two dense layers, each on a normalised input and added to what came.
block layer(x, width, heads) {
    x = x + x.layerNorm(epsilon: 1e-6, name: "ln_1").multiHeadAttention(heads, name: "self_attention")
    y = x.layerNorm(epsilon: 1e-6, name: "ln_2").dense(4 * width, init: xavierUniform(), name: "mlp.0").gelu()
    return x + y.dense(width, init: xavierUniform(), name: "mlp.3")
}

/// Classifies images, normalised by ImageNet's means and deviations.
model ViTB16(image: f32[N, 3, 224, 224], classes = 1000, patch = 16, layers = 12, width = 768, heads = 12) {
    patches = image.conv(width, kernel: patch, stride: patch, name: "conv_proj").flatten(2).transpose()
    class = parameter([1, 1, width], name: "class_token").expand([N, 1, width])
    x = concat(class, patches, axis: 1)
    x = x + parameter([1, x.shape[1], width], init: normal(0.02), name: "encoder.pos_embedding")
    for i in 0..<layers { x = x.layer(width, heads, name: "encoder.layers.encoder_layer_\(i)") }
    return logits: x.layerNorm(epsilon: 1e-6, name: "encoder.ln")[:, 0].dense(classes, init: zeros, name: "heads.head")
}
