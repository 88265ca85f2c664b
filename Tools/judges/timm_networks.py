"""One network of each of timm's families, as PyTorch exports it, against ONNX Runtime: timm_networks.py DLC [NAME ...] [--keep FOLDER]

Each has random weights and is written for any batch. It is built once and run with batches of 1 and 2; right is what ONNX Runtime
says without optimisations, within 1e-4 of how much outputs differ from one image to another, since what is common to all of them may
come from the biases alone. Where rounding alone moves an output further, PyTorch's f64 is right, and dlc may be eight times as far from
it as PyTorch and ONNX Runtime are in f32: Winograd's algorithms round more (with --exact dlc is as near as they). Networks are
exported one at a time; with --keep their files stay in the folder for the next call, 8 GB for all. Prints a line for each; the last
line is `N passed, N failed`.
"""
import argparse
import os
import warnings

import numpy as np
import onnxruntime
import timm
import torch

from running import Unequal, finish, literal_session, run

LIMIT = 1e-4
# How much further than the others dlc may be moved by rounding.
ALLOWANCE = 8
# How far rounding may move an output before nothing can be said of it.
LIMIT_OF_ROUNDING = 0.1
BATCHES = (1, 2)
# The smallest of each family that PyTorch can export: not those that pool or unfold by extents that it does not see.
NAMES = """
    botnet26t_256 caformer_s18 cait_xxs24_224 coat_tiny coatnet_pico_rw_224 coatnext_nano_rw_224 convformer_s18 convit_tiny
    convmixer_768_32 convnext_atto convnextv2_atto cpubone_nano crossvit_tiny_240 cs3darknet_x cspdarknet53 cspnext_tiny cspresnet50
    cspresnext50 darknet17 darknetaa53 davit_tiny deit_tiny_patch16_224 densenetblur121d dla102x2 dla34 dpn68 eca_resnext26ts
    ecaresnet26t ecaresnetlight ecaresnext26t_32x4d edgenext_x_small efficientformer_l1 efficientformerv2_s0 efficientnet_x_b3
    efficientvim_m1 efficientvit_b0 ese_vovnet19b_slim eva02_tiny_patch14_224 fasternet_s fastvit_s12 fbnetc_100 fbnetv3_b
    flexivit_small focalnet_tiny_lrf gc_efficientnetv2_rw_t gcresnet50t gcresnext26ts gcvit_xxtiny gernet_s ghostnet_050
    ghostnetv3_050 gmixer_12_224 gmlp_s16_224 hardcorenas_a hgnet_tiny hgnetv2_b0 hiera_tiny_224 hieradet_small hrnet_w18_ssld
    iformer_s inception_next_atto lambda_resnet26t lcnet_050 lcnetv2_small levit_384_s8 lowformer_b0 mambaout_femto
    maxvit_pico_rw_256 maxxvit_rmlp_nano_rw_256 maxxvitv2_nano_rw_256 mixer_s16_224 mixnet_xl mnasnet_small mobilenet_edgetpu_v2_xs
    mobilenetv3_small_050 mobileone_s0 mobilevit_xxs mobilevitv2_050 mvitv2_tiny nest_tiny nextvit_small nf_regnet_b0 pit_xs_224
    poolformer_s12 poolformerv2_s12 pvt_v2_b0 rdnet_tiny regnetv_040 regnetx_002 regnety_040_sgn regnetz_d8 repghostnet_050
    repvgg_b0 repvit_m0_9 res2net50_26w_4s res2next50 resmlp_12_224 resnest26d resnet18 resnetaa50 resnetblur18 resnetrs50
    resnetv2_18 resnext26ts rexnet_100 rexnetr_100 sam2_hiera_tiny sebotnet33ts_256 sedarknet21 selecsls42 semnasnet_050
    sequencer2d_s seresnet18 seresnetaa50d seresnext26ts shvit_s1 skresnet18 skresnext50_32x4d spnasnet_100 starnet_s050
    swiftformer_xs swin_s3_tiny_224 swinv2_cr_tiny_224 tiny_vit_5m_224 tinynet_a tnt_s_patch16_224 twins_svt_base visformer_tiny
    vit_tiny_patch16_224 vovnet39a xception41 xcit_nano_12_p8_224
""".split()


def made(name):
    """The network with random numbers also where a fresh one has constants, such as scales of 1e-6, which hide what they scale, and with
    statistics of random images, without which outputs of many networks hardly depend on the image."""
    torch.manual_seed(0)
    network = timm.create_model(name, exportable=True).eval()
    for value in network.parameters():
        if value.min() == value.max():
            value.add_(0.1 * torch.randn(value.shape))
    for module in network.modules():
        if isinstance(module, torch.nn.modules.batchnorm._BatchNorm):
            module.train()
            module.momentum = 1
    network(torch.randn(4, *network.default_cfg["input_size"]))
    return network.eval()


def export(network, shape, path):
    if os.path.exists(path):
        return
    # Written beside it first: what stands under the name is whole.
    try:
        torch.onnx.export(network, torch.randn(1, *shape), path + ".part", input_names=["x"], output_names=["y"],
                          dynamic_axes={"x": {0: "N"}, "y": {0: "N"}}, opset_version=17, dynamo=False)
    except Exception as error:
        raise Unequal("PyTorch cannot export it: " + str(error).strip().splitlines()[0]) from error
    os.rename(path + ".part", path)


def reference(path, batches):
    session = literal_session(path)
    return np.concatenate([session.run(None, {"x": x})[0] for x in batches])


def answers(dlc, path, batches, folder):
    """What dlc gives, built once for all batches."""
    compiled, given, answer = (os.path.join(folder, name) for name in ("m.dlc", "x.npy", "answer"))
    run(dlc, "build", path, "-o", compiled)
    found = []
    for x in batches:
        np.save(given, x)
        run(dlc, "run", compiled, "--input", f"x={given}", "--output-dir", answer)
        found.append(np.load(os.path.join(answer, "y.npy")))
        if found[-1].dtype != np.float32 or len(found[-1]) != len(x):
            raise Unequal(f"output is {found[-1].dtype}{list(found[-1].shape)} for a batch of {len(x)}")
    return np.concatenate(found)


def compared(dlc, name, folder, kept):
    """What was found to agree.

    - Raises: Unequal.
    """
    network = made(name)
    shape = network.default_cfg["input_size"]
    path = os.path.join(kept or folder, name + ".onnx")
    export(network, shape, path)
    random = np.random.default_rng(1)
    batches = [random.standard_normal((count, *shape)).astype(np.float32) for count in BATCHES]
    expected, found = reference(path, batches), answers(dlc, path, batches, folder)
    if found.shape != expected.shape:
        raise Unequal(f"output is {list(found.shape)}, ONNX Runtime's is {list(expected.shape)}")
    spread = np.abs(expected - expected.mean(axis=0)).max()
    if not spread > 0:
        raise Unequal("the output does not depend on the image: it shows nothing")

    def apart(left, right):
        return float(np.abs(left.astype(np.float64) - right).max() / spread)

    if apart(found, expected) <= LIMIT:
        return f"within {apart(found, expected):.1e}"
    single = np.concatenate([network(torch.from_numpy(x)).numpy() for x in batches])
    exact = np.concatenate([network.double()(torch.from_numpy(x).double()).numpy() for x in batches])
    error, rounding = apart(found, exact), max(apart(expected, exact), apart(single, exact))
    text = f"{error:.1e} from f64, where ONNX Runtime and PyTorch are {rounding:.1e}"
    # A NaN is above no bound.
    if not (error <= max(LIMIT, ALLOWANCE * rounding) and rounding <= LIMIT_OF_ROUNDING):
        raise Unequal(text)
    return text


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("dlc")
    parser.add_argument("names", nargs="*", metavar="NAME")
    parser.add_argument("--keep")
    options = parser.parse_args()
    dlc = os.path.abspath(options.dlc)
    if options.keep:
        os.makedirs(options.keep, exist_ok=True)

    def judge(name):
        return lambda folder: compared(dlc, name, folder, options.keep)

    with torch.no_grad():
        finish((name, judge(name)) for name in options.names or NAMES)


if __name__ == "__main__":
    warnings.filterwarnings("ignore")
    # Another part may run beside this one.
    torch.set_num_threads(1)
    onnxruntime.set_default_logger_severity(4)
    main()
