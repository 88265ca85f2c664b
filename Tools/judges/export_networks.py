"""Networks that nothing here was tuned on, as PyTorch's exporter writes them: export_networks.py FOLDER [NAME ...]

From torchvision and transformers with random weights, and four of PyTorch's layers; files that are there are left. Those whose names
begin with one given are exported. Names with `.qdq` are networks that ONNX Runtime's static quantization has made integers of, names with
`.b8` take eight inputs at once: they are exported where they are named. Needs the packages of Tools/requirements-torch.txt;
`Tools/bench networks` runs it and measures them.
"""
import contextlib
import io
import os
import sys
import warnings

import torch
import torchvision
import transformers
from torch import nn

TOKENS = 128


def pictures(size=224):
    return (torch.randn(1, 3, size, size),)


def tokens(limit, length=TOKENS):
    return (torch.randint(0, limit, (1, length)),)


class First(nn.Module):
    """The first output of a network that gives several, with the settings it is called with."""

    def __init__(self, network, pick, **settings):
        super().__init__()
        self.network, self.pick, self.settings = network, pick, settings

    def forward(self, value):
        return self.pick(self.network(value, **self.settings))


def vision(name, size=224, **settings):
    return lambda: (torchvision.models.get_model(name, weights=None, **settings), pictures(size))


def normalised(name):
    """A classifier with the statistics of a batch, so that what is quantized has a range."""
    def make():
        network = torchvision.models.get_model(name, weights=None)
        for module in network.modules():
            if isinstance(module, nn.BatchNorm2d):
                module.momentum = 1
        with torch.no_grad():
            network.train()(torch.randn(4, 3, 224, 224))
        return network, pictures()
    return make


def segmentation(name):
    def make():
        network = getattr(torchvision.models.segmentation, name)(weights=None, weights_backbone=None)
        return First(network, lambda maps: maps["out"]), pictures()
    return make


def hidden(network, values, **settings):
    return First(network, lambda out: out.last_hidden_state, return_dict=True, **settings), values


def distilbert():
    return hidden(transformers.DistilBertModel(transformers.DistilBertConfig()), tokens(30522))


def llama():
    """Six layers with grouped queries, 30 M parameters."""
    config = transformers.LlamaConfig(vocab_size=8000, hidden_size=512, intermediate_size=1376, num_hidden_layers=6, num_attention_heads=8,
                                      num_key_value_heads=4, max_position_embeddings=512)
    everything = torch.ones(1, TOKENS, dtype=torch.int64)  # without a mask it asks whether several texts are in one
    return First(transformers.LlamaForCausalLM(config), lambda out: out.logits, use_cache=False, attention_mask=everything), tokens(8000)


def t5():
    """The encoder of t5-small."""
    config = transformers.T5Config(d_model=512, d_kv=64, d_ff=2048, num_layers=6, num_heads=8)
    return hidden(transformers.T5EncoderModel(config), tokens(32128))


def whisper():
    """The encoder of whisper-tiny, on its thirty seconds."""
    config = transformers.WhisperConfig(d_model=384, encoder_layers=4, encoder_attention_heads=6, encoder_ffn_dim=1536)
    return hidden(transformers.WhisperModel(config).encoder, (torch.randn(1, 80, 3000),))


def wav2vec2():
    """wav2vec2-base with four of its twelve layers, on a second of sound."""
    config = transformers.Wav2Vec2Config(num_hidden_layers=4)
    return hidden(transformers.Wav2Vec2Model(config), (torch.randn(1, 16000),))


def dcgan():
    """The generator of Radford et al. (2015) for 64 × 64 pixels, 64 channels before the last layer."""
    layers, channels = [], [100, 512, 256, 128, 64, 3]
    for index, (inputs, outputs) in enumerate(zip(channels, channels[1:])):
        layers.append(nn.ConvTranspose2d(inputs, outputs, 4, 2 if index else 1, 1 if index else 0, bias=False))
        layers += [nn.BatchNorm2d(outputs), nn.ReLU()] if outputs > 3 else [nn.Tanh()]
    return nn.Sequential(*layers), (torch.randn(1, 100, 1, 1),)


class Speech(nn.Module):
    """Two layers of 512 units over 120 frames of 80 numbers, with 32 scores for each."""

    def __init__(self):
        super().__init__()
        self.recurrent, self.scores = nn.GRU(80, 512, 2, batch_first=True), nn.Linear(512, 32)

    def forward(self, frames):
        return self.scores(self.recurrent(frames)[0])


def espcn():
    """Shi et al. (2016), three times the size."""
    return nn.Sequential(nn.Conv2d(1, 64, 5, padding=2), nn.Tanh(), nn.Conv2d(64, 32, 3, padding=1), nn.Tanh(),
                         nn.Conv2d(32, 9, 3, padding=1), nn.PixelShuffle(3)), (torch.randn(1, 1, 128, 128),)


NETWORKS = {
    "resnext50_32x4d": vision("resnext50_32x4d"),
    "regnet_y_400mf": vision("regnet_y_400mf"),
    "convnext_tiny": vision("convnext_tiny"),
    "swin_t": vision("swin_t"),
    "maxvit_t": vision("maxvit_t"),
    "mobilenet_v3_large": vision("mobilenet_v3_large"),
    "mnasnet1_0": vision("mnasnet1_0"),
    "shufflenet_v2_x1_0": vision("shufflenet_v2_x1_0"),
    "efficientnet_v2_s": vision("efficientnet_v2_s"),
    "inception_v3": vision("inception_v3", 299, init_weights=False),
    "wide_resnet50_2": vision("wide_resnet50_2"),
    "densenet169": vision("densenet169"),
    "vgg11_bn": vision("vgg11_bn"),
    "deeplabv3_mobilenet": segmentation("deeplabv3_mobilenet_v3_large"),
    "lraspp_mobilenet": segmentation("lraspp_mobilenet_v3_large"),
    "fcn_resnet50": segmentation("fcn_resnet50"),
    "r3d_18": lambda: (torchvision.models.video.r3d_18(weights=None), (torch.randn(1, 3, 8, 112, 112),)),
    "distilbert": distilbert,
    "llama_mini": llama,
    "t5_small_enc": t5,
    "whisper_tiny_enc": whisper,
    "wav2vec2_small": wav2vec2,
    "dcgan64": dcgan,
    "gru_speech": lambda: (Speech(), (torch.randn(1, 120, 80),)),
    "espcn": espcn,
}

def bert():
    """bert-base, of 128 tokens."""
    return hidden(transformers.BertModel(transformers.BertConfig()), tokens(30522))


def eight_of(make):
    def made():
        network, values = make()
        return network, tuple(torch.cat([value] * 8) for value in values)
    return made


QUANTIZED = {f"{name}.qdq": normalised(name) for name in ("mobilenet_v2", "resnet50")} | {"bert_base.qdq": bert}
BATCHED = {f"{name}.b8": eight_of(NETWORKS[name]) for name in (
    "mobilenet_v3_large", "shufflenet_v2_x1_0", "resnext50_32x4d", "convnext_tiny", "distilbert", "gru_speech")}


class Calibration:
    """Four batches for an input: noise, or tokens at random."""

    def __init__(self, name, example):
        some = (lambda: torch.randn_like(example)) if example.is_floating_point() else (lambda: torch.randint(0, 30522, example.shape))
        self.batches = iter([{name: some().numpy()} for _ in range(4)])

    def get_next(self):
        return next(self.batches, None)


def quantize(path, example):
    import onnx
    from onnxruntime import quantization
    from onnxruntime.quantization.shape_inference import quant_pre_process

    name = onnx.load(path).graph.input[0].name
    quant_pre_process(path, path + ".folded", skip_symbolic_shape=True)
    quantization.quantize_static(path + ".folded", path, Calibration(name, example), quant_format=quantization.QuantFormat.QDQ,
                                 activation_type=quantization.QuantType.QUInt8, weight_type=quantization.QuantType.QInt8)
    os.remove(path + ".folded")


def export(make, path):
    torch.manual_seed(1)
    network, values = make()
    # The older exporter: it needs no further package, and folds nothing that it should leave.
    with contextlib.redirect_stdout(io.StringIO()):
        torch.onnx.export(network.eval(), values, path + ".part", opset_version=17, dynamo=False)
        if path.endswith(".qdq.onnx"):
            quantize(path + ".part", values[0])
    os.replace(path + ".part", path)


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    folder, wanted = sys.argv[1], sys.argv[2:]
    known = NETWORKS | QUANTIZED | BATCHED
    unknown = [name for name in wanted if not any(network.startswith(name) for network in known)]
    if unknown:
        sys.exit(f"export_networks: no network '{unknown[0]}'; there are {', '.join(known)}")
    os.makedirs(folder, exist_ok=True)
    warnings.simplefilter("ignore")
    failed = 0
    for name, make in known.items():
        path = os.path.join(folder, name + ".onnx")
        if os.path.exists(path) or not (any(name.startswith(one) for one in wanted) if wanted else name in NETWORKS):
            continue
        try:
            export(make, path)
        except Exception as error:  # the exporter raises whatever it meets
            failed += 1
            reason = str(error).splitlines()[0] if str(error) else type(error).__name__
            print(f"export_networks: {name}: {reason}", file=sys.stderr, flush=True)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
