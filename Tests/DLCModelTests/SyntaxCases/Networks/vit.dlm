// ViT-B/16. Dosovitskiy et al.: "An Image is Worth 16x16 Words", 2020.

block encoderLayer(x, heads) {
    x = x + x.layerNorm(name: "ln_1").selfAttention(heads: heads, name: "self_attention")
    return x + x.layerNorm(name: "ln_2").dense(3072, name: "mlp.0").gelu().dense(768, name: "mlp.3")
}

model ViT(image: f32[N, 3, 224, 224], patch = 16, classes = 1000) {
    width = 768
    count = (224 / patch) ** 2
    x = image.conv(width, kernel: patch, stride: patch, name: "conv_proj")
    x = x.reshape([N, width, count]).transpose([0, 2, 1])
    cls = parameter([1, 1, width], init: zeros, name: "class_token")
    x = concat([cls.expand([N, 1, width]), x], axis: 1)
    x = x + parameter([1, count + 1, width], init: normal(0.02), name: "encoder.pos_embedding")
    for i in 0..<12 {
        x = encoderLayer(x, 12, name: "encoder.layers.encoder_layer_\(i)")
    }
    return logits: x.layerNorm(name: "encoder.ln")[:, 0].dense(classes, name: "heads.head")
}
