/// What other frameworks and languages call things, for the advice in messages.
enum OtherNames {
    static let layers = [
        "linear": "dense", "Linear": "dense", "fc": "dense", "fullyConnected": "dense", "conv2d": "conv", "Conv2d": "conv",
        "conv1d": "conv", "conv3d": "conv", "convolution": "conv", "cat": "concat", "concatenate": "concat", "permute": "transpose",
        "view": "reshape", "swish": "silu", "batchnorm": "batchNorm", "bn": "batchNorm", "BatchNorm2d": "batchNorm",
        "layernorm": "layerNorm", "avgPool": "averagePool", "meanPool": "averagePool", "gap": "globalAveragePool",
        "interpolate": "upsample", "MaxPool2d": "maxPool", "ConvTranspose2d": "convTranspose", "deconv": "convTranspose",
    ]

    /// Labels of arguments: the first of a layer's own that is listed is meant.
    static let labels = [
        "kernel_size": ["kernel"], "kernelSize": ["kernel"], "pool_size": ["kernel"], "window": ["kernel"], "filters": ["channels"],
        "out_channels": ["channels"], "features": ["units", "channels"], "out_features": ["units"], "dim": ["axis", "axes"],
        "axes": ["axis"],
        "num_heads": ["heads"], "nhead": ["heads"], "p": ["rate"], "eps": ["epsilon"], "negative_slope": ["slope", "alpha"],
        "num_groups": ["groups"], "scale_factor": ["scale"], "hidden_size": ["hidden", "units"], "num_layers": ["layers"],
        "use_bias": ["bias"], "lr": ["rate"], "learning_rate": ["rate"], "learningRate": ["rate"], "weight_decay": ["weightDecay"],
        "betas": ["beta1"], "gamma": ["factor"], "T_max": ["steps"], "step_size": ["every"], "milestones": ["at"], "max_norm": ["bound"],
        "centered": ["centred"], "pad": ["padding"], "dtype": ["type"],
    ]

    /// Values.
    static let values = [
        "True": "did you mean `true`?", "False": "did you mean `false`?", "None": "did you mean `none`?", "nil": "did you mean `none`?",
        "null": "did you mean `none`?", "self": "names stand alone here: `fc = dense(10)`, then `fc(x)`",
    ]

    /// Functions that the language has in another form.
    static let functions = [
        "range": "a range is written `0..<n`", "len": "a list or range says `.count`",
        "enumerate": "a loop goes over places: `for i in 0..<items.count`",
        "Sequential": "layers follow one another as `x.dense(64).relu()`", "print": "`dlc inspect` shows every layer with its shape",
        "size": "a tensor says `.shape`",
    ]

    /// Advice about a label that a layer does not have, or nil.
    static func advice(label: String, among own: [String]) -> String? {
        if label == "activation" { return "an activation is a layer after this one, as in `.relu()`" }
        if label == "in_channels" || label == "in_features" || label == "input_shape" {
            return "leave it out: the tensor before the point has its extents"
        }
        return labels[label]?.first(where: own.contains).map { "did you mean `\($0)`?" }
    }
}
