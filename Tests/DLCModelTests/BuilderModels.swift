import DLCModel

/// Models of the literature, written with the Swift builder.
enum BuilderModels {
    /// LeCun et al., 1998, in the form that is common today: ReLU-free tanh units, average pooling.
    static func leNet5() throws -> Model {
        let m = ModelBuilder("LeNet5")
        let image = try m.input("image", .float32, [Dim(symbol: "N"), 1, 32, 32])
        let features = try image.conv(6, kernel: 5).tanh().averagePool(2).conv(16, kernel: 5).tanh().averagePool(2).flatten()
        try m.output("logits", features.dense(120).tanh().dense(84).tanh().dense(10))
        return try m.finish()
    }

    /// Rumelhart et al., 1986, with the ReLU units of Nair and Hinton, 2010.
    static func mlp(widths: [Int] = [256, 128], classes: Int = 10) throws -> Model {
        let m = ModelBuilder("MLP")
        var x = try m.input("image", .float32, [Dim(symbol: "N"), 1, 28, 28]).flatten()
        for (index, width) in widths.enumerated() {
            x = try x.dense(width, init: .kaimingNormal(slope: 0, fan: .in), name: "hidden\(index + 1)").relu()
        }
        try m.output("logits", x.dense(classes, name: "output"))
        return try m.finish()
    }

    private static func stem(_ image: TensorValue) throws -> TensorValue {
        try image.conv(64, kernel: 7, stride: 2, padding: 3, bias: false, name: "conv1").batchNorm(name: "bn1").relu()
            .maxPool(3, stride: 2, padding: 1)
    }

    private static func shortcut(_ x: TensorValue, _ channels: Int, _ stride: Int) throws -> TensorValue {
        if stride == 1 && x.shape[1] == Dim(channels) { return x }
        return try x.conv(channels, kernel: 1, stride: stride, bias: false, name: "downsample.0").batchNorm(name: "downsample.1")
    }

    private static func basic(_ x: TensorValue, _ width: Int, stride: Int) throws -> TensorValue {
        let y = try x.conv(width, kernel: 3, stride: stride, padding: 1, bias: false, name: "conv1").batchNorm(name: "bn1").relu()
            .conv(width, kernel: 3, padding: 1, bias: false, name: "conv2").batchNorm(name: "bn2")
        return try (y + shortcut(x, width, stride)).relu()
    }

    private static func bottleneck(_ x: TensorValue, _ width: Int, stride: Int) throws -> TensorValue {
        let y = try x.conv(width, kernel: 1, bias: false, name: "conv1").batchNorm(name: "bn1").relu()
            .conv(width, kernel: 3, stride: stride, padding: 1, bias: false, name: "conv2").batchNorm(name: "bn2").relu()
            .conv(4 * width, kernel: 1, bias: false, name: "conv3").batchNorm(name: "bn3")
        return try (y + shortcut(x, 4 * width, stride)).relu()
    }

    /// He et al., 2015: 18 layers with basic blocks or 50 with bottlenecks.
    static func resNet(_ depth: Int, size: Int = 224) throws -> Model {
        let m = ModelBuilder("ResNet\(depth)")
        let image = try m.input("image", .float32, [Dim(symbol: "N"), 3, Dim(size), Dim(size)])
        var x = try stem(image)
        let counts = depth == 18 ? [2, 2, 2, 2] : [3, 4, 6, 3]
        for (stage, count) in counts.enumerated() {
            for i in 0..<count {
                let stride = i == 0 && stage > 0 ? 2 : 1
                x = try m.block("block", name: "layer\(stage + 1).\(i)") {
                    try depth == 18 ? basic(x, 64 << stage, stride: stride) : bottleneck(x, 64 << stage, stride: stride)
                }
            }
        }
        try m.output("logits", x.globalAveragePool().flatten().dense(1000, name: "fc"))
        return try m.finish()
    }

    /// Radford et al., 2019, with the names and layouts of the published checkpoint; the output shares the embedding.
    static func gpt2(layers: Int = 12) throws -> Model {
        let m = ModelBuilder("GPT2")
        let tokens = try m.input("tokens", .int64, [Dim(symbol: "N"), Dim(symbol: "T")])
        let embed = m.embedding(50257, 768, init: .normal(0.02), name: "wte")
        var x = try embed(tokens).positionalEmbedding(1024, name: "wpe")
        for i in 0..<layers {
            x = try m.block("block", name: "h.\(i)") {
                let parts = try x.layerNorm(name: "ln_1").dense(3 * 768, transposed: true, init: .normal(0.02), name: "attn.c_attn").split(
                    3, axis: -1)
                let mixed = try parts[0].dotProductAttention(parts[1], parts[2], heads: 12, causal: true)
                let y = try x + mixed.dense(768, transposed: true, init: .normal(0.02), name: "attn.c_proj")
                let hidden = try y.layerNorm(name: "ln_2").dense(4 * 768, transposed: true, init: .normal(0.02), name: "mlp.c_fc").gelu(
                    approximate: .tanh)
                return try y + hidden.dense(768, transposed: true, init: .normal(0.02), name: "mlp.c_proj")
            }
        }
        try m.output("logits", x.layerNorm(name: "ln_f").matmul(embed.parameter("weight").transpose()))
        return try m.finish()
    }
}
