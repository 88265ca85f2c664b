"""Writes layers.npz beside this file: what PyTorch (ONNX Runtime for regions) computes of small layers, which LayerReferenceTests compares with.

For each case: NAME/in.I (the operands), NAME/out.I (the results) and NAME/p.PARAMETER (the state dict)."""
import os
import numpy as np
import onnx
import onnxruntime
import torch
import torchvision
from torch import nn
from torch.nn import functional as F

torch.manual_seed(1)
arrays = {}


def rand(*shape):
    return torch.randn(*shape)


def case(name, module, inputs, outputs=None):
    """Stores a module (or the parameters of none) with what it computes of `inputs`."""
    if module is not None:
        module.eval()
        for key, value in module.state_dict().items():
            if "num_batches" in key:
                continue
            if "running_var" in key:
                value.uniform_(0.5, 2)
            elif value.numel() and not key.endswith("weight"):
                value.normal_()
            arrays[f"{name}/p.{key}"] = value.detach().numpy()
    with torch.no_grad():
        results = outputs if outputs is not None else module(*inputs)
    for i, x in enumerate(inputs):
        arrays[f"{name}/in.{i}"] = x.numpy()
    for i, y in enumerate(results if isinstance(results, (list, tuple)) else [results]):
        arrays[f"{name}/out.{i}"] = y.detach().numpy()


x4, x3 = rand(2, 4, 7, 6), rand(2, 5, 8)
case("dense", nn.Linear(8, 3), [x3])
case("conv", nn.Conv2d(4, 6, (3, 2), stride=(2, 1), padding=(1, 0), dilation=(1, 2), groups=2), [x4])
case("convSame", nn.Conv2d(4, 3, 4, padding="same"), [x4])
case("conv1", nn.Conv1d(5, 2, 3, padding=1), [x3])
case("conv3", nn.Conv3d(2, 3, 2), [rand(1, 2, 3, 4, 3)])
case("convTranspose", nn.ConvTranspose2d(4, 6, 3, stride=2, padding=1, output_padding=1, groups=2), [x4])
case("maxPool", nn.MaxPool2d(3, stride=2, padding=1, ceil_mode=True), [x4])
case("averagePool", nn.AvgPool2d(3, stride=2, padding=1), [x4])
case("averagePoolInside", nn.AvgPool2d(3, stride=2, padding=1, count_include_pad=False), [x4])
case("adaptiveAveragePool", nn.AdaptiveAvgPool2d((3, 4)), [x4])
case("adaptiveMaxPool", nn.AdaptiveMaxPool2d((3, 2)), [x4])
case("batchNorm", nn.BatchNorm2d(4), [x4])
case("layerNorm", nn.LayerNorm(8), [x3])
case("groupNorm", nn.GroupNorm(2, 4), [x4])
case("instanceNorm", nn.InstanceNorm2d(4), [x4])
case("localResponseNorm", nn.LocalResponseNorm(3, alpha=0.5), [x4])
case("rmsNorm", nn.RMSNorm(8, eps=1e-6), [x3])
case("l2Normalize", None, [x4], [F.normalize(x4)])
case("prelu", nn.PReLU(4), [x4])
for name, module in {
    "relu6": nn.ReLU6(), "silu": nn.SiLU(), "mish": nn.Mish(), "hardSigmoid": nn.Hardsigmoid(), "hardSwish": nn.Hardswish(),
    "selu": nn.SELU(), "elu": nn.ELU(0.7), "celu": nn.CELU(0.7), "leakyRelu": nn.LeakyReLU(0.2), "gelu": nn.GELU(),
    "geluTanh": nn.GELU("tanh"), "softplus": nn.Softplus(2), "softsign": nn.Softsign(), "clamp": nn.Hardtanh(),
    "logSoftmax": nn.LogSoftmax(1),
}.items():
    case(name, module, [3 * x3])
case("embedding", nn.Embedding(7, 3), [torch.tensor([[0, 6, 2]])])
for kind in ["RNN", "GRU", "LSTM"]:
    for name, options in {"": {}, "Stacked": dict(num_layers=2, bidirectional=True)}.items():
        module = getattr(nn, kind)(8, 3, batch_first=True, **options)
        count = 4 if options else 1
        states = [rand(count, 2, 3) for _ in range(2 if kind == "LSTM" else 1)]
        module.eval()
        with torch.no_grad():
            y, last = module(x3, tuple(states) if kind == "LSTM" else states[0])
        case(f"{kind.lower()}{name}", None, [x3] + states, [y] + (list(last) if kind == "LSTM" else [last]))
        for key, value in module.state_dict().items():
            arrays[f"{kind.lower()}{name}/p.{key}"] = value.numpy()
attention = nn.MultiheadAttention(8, 2, batch_first=True)
nn.init.normal_(attention.in_proj_bias)
memory = rand(2, 4, 8)
with torch.no_grad():
    own = attention(x3, x3, x3, attn_mask=nn.Transformer.generate_square_subsequent_mask(5), is_causal=True)[0]
    cross = attention(x3, memory, memory)[0]
for name, inputs, result in [("attentionCausal", [x3], own), ("attentionCross", [x3, memory], cross)]:
    case(name, None, inputs, [result])
    for key, value in attention.state_dict().items():
        arrays[f"{name}/p.{key}"] = value.numpy()
for name, first in [("encoder", False), ("encoderNormFirst", True)]:
    case(name, nn.TransformerEncoderLayer(8, 2, 16, activation="gelu", norm_first=first, batch_first=True), [x3])
decoder = nn.TransformerDecoderLayer(8, 2, 16, batch_first=True).eval()
with torch.no_grad():
    result = decoder(x3, memory, tgt_mask=nn.Transformer.generate_square_subsequent_mask(5), tgt_is_causal=True)
case("decoder", None, [x3, memory], [result])
for key, value in decoder.state_dict().items():
    arrays[f"decoder/p.{key}"] = value.numpy()
case("upsample", nn.Upsample(scale_factor=2), [x4])
case("upsampleBilinear", nn.Upsample(scale_factor=(2, 3), mode="bilinear"), [x4])
case("upsampleCorners", nn.Upsample(scale_factor=2, mode="bilinear", align_corners=True), [x4])
case("upsampleBicubic", nn.Upsample(scale_factor=2, mode="bicubic"), [x4])
case("pixelShuffle", nn.PixelShuffle(2), [x4])
case("padReflect", nn.ReflectionPad2d((2, 1, 3, 0)), [x4])
case("padReplicate", nn.ReplicationPad2d(2), [x4])
case("padCircular", nn.CircularPad2d(2), [x4])
pooled, places = F.max_pool2d(x4, 2, return_indices=True)
case("maxUnpool", None, [x4], [F.max_unpool2d(pooled, places, 2, output_size=x4.shape)])
regions, which = torch.tensor([[0.0, 1, 9, 8], [-3, 2, 4, 20], [5, 5, 5.5, 5.2]]), torch.tensor([1, 0, 1])
for name, mode in [("roiAlign", "output_half_pixel"), ("roiAlignAligned", "half_pixel")]:
    # PyTorch itself has none: ONNX Runtime's.
    node = onnx.helper.make_node(
        "RoiAlign", ["x", "boxes", "images"], ["y"], output_height=3, output_width=2, spatial_scale=0.5, sampling_ratio=2,
        coordinate_transformation_mode=mode)
    inputs = {"x": x4, "boxes": regions, "images": which}
    values = [
        onnx.helper.make_tensor_value_info(key, onnx.TensorProto.INT64 if key == "images" else onnx.TensorProto.FLOAT, list(value.shape))
        for key, value in inputs.items()]
    result = onnx.helper.make_tensor_value_info("y", onnx.TensorProto.FLOAT, None)
    model = onnx.helper.make_model(
        onnx.helper.make_graph([node], "g", values, [result]), opset_imports=[onnx.helper.make_opsetid("", 16)], ir_version=8)
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    y = session.run(None, {key: value.numpy() for key, value in inputs.items()})[0]
    case(name, None, [x4, regions, which], [torch.from_numpy(y)])
logits, labels, weights = rand(6, 5), torch.tensor([0, 4, 2, 2, 1, 3]), torch.rand(5)
image, classes = rand(2, 3, 2, 2), torch.randint(0, 3, (2, 2, 2))
case("crossEntropy", None, [logits, labels], [F.cross_entropy(logits, labels)])
case("crossEntropySmooth", None, [logits, labels, weights], [F.cross_entropy(logits, labels, weights, label_smoothing=0.1)])
case("crossEntropyImage", None, [image, classes], [F.cross_entropy(image, classes, reduction="none")])
target = torch.rand(6, 5)
case("meanSquaredError", None, [logits, target], [F.mse_loss(logits, target)])
case("meanAbsoluteError", None, [logits, target], [F.l1_loss(logits, target, reduction="sum")])
case("huber", None, [logits, target], [F.huber_loss(logits, target, delta=0.5)])
case("binaryCrossEntropy", None, [logits, target], [F.binary_cross_entropy_with_logits(logits, target)])
case("klDivergence", None, [logits, target], [F.kl_div(logits, target)])
case("cosineSimilarity", None, [logits, target], [F.cosine_similarity(logits, target)])
case("l1Distance", None, [logits, target], [(logits - target).abs().sum(-1)])
case("l2Distance", None, [logits, target], [F.pairwise_distance(logits, target, eps=0)])
case("stack", None, [logits, target], [torch.stack([logits, target], 1)])


class MaskedConv(nn.Conv2d):
    """Mask A or B over channels that stand for `colours`."""

    def __init__(self, mask, colours, *arguments, **options):
        super().__init__(*arguments, **options)
        out, into, height, width = self.weight.shape
        self.seen = torch.zeros_like(self.weight)
        self.seen[:, :, :height // 2] = 1
        self.seen[:, :, height // 2, :width // 2] = 1
        for a in range(colours):
            for b in range(a if mask == "A" else a + 1):
                self.seen[a * out // colours:(a + 1) * out // colours, b * into // colours:(b + 1) * into // colours, height // 2, width // 2] = 1

    def forward(self, x):
        return F.conv2d(x, self.weight * self.seen, self.bias, padding=self.padding)


case("maskedConvA", MaskedConv("A", 1, 4, 3, 5, padding=2), [x4])
case("maskedConvB", MaskedConv("B", 1, 4, 3, (1, 3), padding=(0, 1)), [x4])
case("maskedConvColours", MaskedConv("A", 2, 4, 6, 3, padding=1), [x4])

whole = torch.cat([which[:, None].float(), regions], 1)
case("roiPool", None, [x4, regions, which], [torchvision.ops.roi_pool(x4, whole, (3, 2), 0.5)])
case("roiAlignAdaptive", None, [x4, regions, which], [torchvision.ops.roi_align(x4, whole, (3, 2), 0.5, 0, True)])
levels = [rand(2, 2, 48 // 2 ** i, 64 // 2 ** i) for i in range(3)]
# Positions of all samples are exact in f32, for the oracle computes in f64.
sizes = 48 * (1 + torch.round(torch.rand(2, 12, 2) * torch.tensor([1.0, 2, 5, 15] * 3)[None, :, None]))
corners = 8 * torch.round(torch.rand(2, 12, 2) * torch.tensor([60.0, 45]))
boxes = torch.cat([corners, corners + sizes], 2)
pooler = torchvision.ops.MultiScaleRoIAlign(["0", "1", "2"], (3, 2), 2)
case(
    "pyramidAlign", None, [boxes] + levels, [pooler({str(i): level for i, level in enumerate(levels)}, list(boxes), [(384, 512)] * 2)])


def padded(kept, count):
    return torch.cat([kept, torch.full((count - len(kept),), -1)])


corners = torch.rand(2, 60, 2) * 100
crowd, ranks, kinds = torch.cat([corners, corners + torch.rand(2, 60, 2) * 50], 2), torch.rand(2, 60), torch.randint(0, 3, (2, 60))
ops = torchvision.ops
kept = [ops.nms(b, s, 0.3) for b, s in zip(crowd, ranks)]
case("nonMaxSuppression", None, [crowd, ranks], [torch.stack([padded(k, 60) for k in kept]), torch.tensor([len(k) for k in kept])])
kept = [ops.batched_nms(b, s, k, 0.3)[:20] for b, s, k in zip(crowd, ranks, kinds)]
case("nonMaxSuppressionByClass", None, [crowd, ranks, kinds], [torch.stack(kept), torch.tensor([20, 20])])
case("nonMaxSuppressionCentred", None, [ops.box_convert(crowd[0], "xyxy", "cxcywh"), ranks[0]], [padded(ops.nms(crowd[0], ranks[0], 0.3), 60)])
kept = padded(torch.tensor([3, 0]), 4)
case("take", None, [x3[0], kept], [torch.cat([x3[0, [3, 0]], torch.full((2, 8), -7.0)])])

for name, module, x in [
    ("denseWeightNorm", nn.Linear(8, 3), x3), ("convWeightNorm", nn.Conv2d(4, 6, 3), x4), ("convTransposeWeightNorm", nn.ConvTranspose2d(4, 6, 3), x4),
]:
    case(name, nn.utils.parametrizations.weight_norm(module), [x])
keys = rand(2, 9, 4)
heads = lambda x, n: x.view(2, -1, n, 2).transpose(1, 2)
mixed = F.scaled_dot_product_attention(heads(x3, 4), heads(keys, 2), heads(keys, 2), enable_gqa=True)
case("attentionGrouped", None, [x3, keys], [mixed.transpose(1, 2).reshape(2, 5, 8)])


def rotated(x, interleaved):
    """Su et al., 2021, by complex numbers: a pair of channels is one."""
    x = x.view(2, 5, 2, 2, 2) if interleaved else x.view(2, 5, 2, 2, 2).transpose(3, 4)
    turns = torch.outer(torch.arange(5.0), 10000.0 ** (-torch.arange(2.0) / 2))
    y = torch.view_as_real(torch.view_as_complex(x.contiguous()) * torch.polar(torch.ones_like(turns), turns)[:, None])
    return (y if interleaved else y.transpose(3, 4)).reshape(2, 5, 8)


case("rotaryPositions", None, [x3], [rotated(x3, False)])
case("rotaryPositionsInterleaved", None, [x3], [rotated(x3, True)])

x5 = rand(1, 2, 3, 4, 3)
for name, module, x in [
    ("relu", nn.ReLU(), x3), ("sigmoid", nn.Sigmoid(), x3), ("tanh", nn.Tanh(), x3), ("thresholdedRelu", nn.Threshold(0.5, 0), x3),
    ("softmax", nn.Softmax(1), x3), ("depthwiseConv", nn.Conv2d(4, 8, 3, padding=1, groups=4), x4),
    ("globalAveragePool", nn.AdaptiveAvgPool2d(1), x4), ("globalMaxPool", nn.AdaptiveMaxPool3d(1), x5),
    ("maxPool1", nn.MaxPool1d(3, stride=2, padding=1), x3), ("maxPool3", nn.MaxPool3d(2, stride=1), x5),
    ("averagePool1", nn.AvgPool1d(2), x3), ("averagePool3", nn.AvgPool3d((2, 3, 2), stride=1), x5),
    ("adaptiveAveragePool1", nn.AdaptiveAvgPool1d(3), x3), ("convTranspose1", nn.ConvTranspose1d(5, 3, 4, stride=2, padding=1), x3),
    ("convTranspose3", nn.ConvTranspose3d(2, 3, 2, stride=2), x5), ("batchNorm1", nn.BatchNorm1d(5), x3), ("batchNorm3", nn.BatchNorm3d(2), x5),
    ("upsample1", nn.Upsample(scale_factor=3), x3), ("upsampleLinear", nn.Upsample(scale_factor=2, mode="linear"), x3),
    ("upsampleTrilinear", nn.Upsample(scale_factor=2, mode="trilinear"), x5),
]:
    case(name, module, [x])
for name, x, pool, unpool in [("maxUnpool1", x3, F.max_pool1d, F.max_unpool1d), ("maxUnpool3", x5, F.max_pool3d, F.max_unpool3d)]:
    pooled, places = pool(x, 2, return_indices=True)
    case(name, None, [x], [unpool(pooled, places, 2, output_size=x.shape)])
case("step", None, [x3], [torch.heaviside(x3, torch.tensor(1.0))])
case("maxout", None, [x4], [x4.view(2, 2, 2, 7, 6).amax(2)])
signs = torch.where(torch.rand(6, 5) > 0.5, 1.0, -1.0)
case("hinge", None, [logits, signs], [F.relu(1 - signs * logits).mean()])
case("cosineDistance", None, [logits, target], [1 - F.cosine_similarity(logits, target)])
case("topK", None, [x3], list(torch.topk(x3, 3)))
case("argmax", None, [x3], [x3.argmax(1)])
case("oneHot", None, [labels], [F.one_hot(labels, 6).float()])
coder = torchvision.models.detection._utils.BoxCoder((10.0, 10.0, 5.0, 5.0))
deltas = rand(60, 4) * 5
case("boxDecode", None, [deltas, crowd[0]], [coder.decode_single(deltas, crowd[0])])

np.savez_compressed(os.path.join(os.path.dirname(os.path.abspath(__file__)), "layers.npz"), **arrays)
print(len(arrays), "arrays")
