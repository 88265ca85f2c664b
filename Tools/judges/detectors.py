"""Holds the zoo's Faster R-CNN and Mask R-CNN to torchvision's, as a part of published.py.

A network with random weights, statistics and offsets, scaled so that scores differ, is given to the .dlm file as
safetensors; detections on two small images, compiled and by ONNX Runtime from the export, must be torchvision's: as
many, each with the same class and within 1e-4 of its score, 1e-2 pixels of its box and 1e-4 of its mask. Their order is
free, since equal scores may change places.
"""
import os

import numpy as np
import onnx
import onnxruntime
import torch
import torchvision
from safetensors.torch import save_file
from torchvision.models.detection.image_list import ImageList

from running import run, Unequal

HEIGHT, WIDTH = 256, 320


def decisive(network):
    """Random weights give almost equal scores: the layers that score and move boxes are made stronger."""
    with torch.no_grad():
        for name, value in network.state_dict().items():
            if name.endswith("running_mean"):
                value.normal_(0, 0.1)
            elif name.endswith("running_var"):
                value.uniform_(0.5, 1.5)
            elif name.endswith("bias"):
                value.normal_(0, 0.05)
            elif ("bn" in name or "downsample.1" in name) and name.endswith("weight"):
                value.uniform_(0.4, 0.8)
        predictor = network.roi_heads.box_predictor
        for layer, factor in [(network.rpn.head.cls_logits, 60), (network.rpn.head.bbox_pred, 10), (predictor.cls_score, 60), (predictor.bbox_pred, 6)]:
            layer.weight.mul_(factor)
    return network.eval()


def answers(network, images):
    """What torchvision's network finds without its resizing: a dictionary per image."""
    sizes = [(HEIGHT, WIDTH)] * len(images)
    with torch.no_grad():
        levels = network.backbone(images)
        proposals, _ = network.rpn(ImageList(images, sizes), levels)
        found, _ = network.roi_heads(levels, proposals, sizes)
    return [{key: value.numpy() for key, value in each.items()} for each in found]


def difference(found, expected):
    """The largest difference, each kind as a share of its limit, between detections paired by what is nearest."""
    count = len(expected["boxes"])
    if int(found["count"]) != count:
        raise Unequal(f"{int(found['count'])} detections instead of {count}")
    worst, free = 0.0, list(range(count))
    for i in range(count):
        def apart(j):
            kinds = [np.abs(found["boxes"][i] - expected["boxes"][j]).max() / 1e-2, abs(found["scores"][i] - expected["scores"][j]) / 1e-4]
            if found["labels"][i] != expected["labels"][j]:
                return np.inf
            return float(max(kinds + ([np.abs(found["masks"][i] - expected["masks"][j][0]).max() / 1e-4] if "masks" in expected else [])))

        nearest = min(free, key=apart)
        worst = max(worst, apart(nearest))
        free.remove(nearest)
    return worst


NETWORKS = {
    "faster_rcnn": torchvision.models.detection.fasterrcnn_resnet50_fpn,
    "mask_rcnn": torchvision.models.detection.maskrcnn_resnet50_fpn,
}


def judge(name, models, dlc, folder):
    """What was found to agree.

    - Raises: Unequal.
    """
    torch.manual_seed(0)
    network = decisive(NETWORKS[name](weights=None, weights_backbone=None))
    weights, exported, compiled, image, outputs = (os.path.join(folder, end) for end in ("w.safetensors", "m.onnx", "m.dlc", "x.npy", "answers"))
    save_file({key: value for key, value in network.state_dict().items() if "num_batches" not in key}, weights)
    images = torch.rand(2, 3, HEIGHT, WIDTH)
    np.save(image, images.numpy())
    expected = answers(network, images)
    # What torchvision makes without a checkpoint has the usual epsilon.
    options = [os.path.join(models, name + ".dlm"), "--weights", weights, "--set", f"height={HEIGHT}", "--set", f"width={WIDTH}", "--set", "epsilon=1e-5"]
    for command in (["export", *options, "-o", exported], ["build", *options, "-o", compiled],
                    ["run", compiled, "--input", f"image={image}", "--output-dir", outputs]):
        run(dlc, *command)
    onnx.checker.check_model(exported, full_check=True)
    session = onnxruntime.InferenceSession(exported, providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]
    exports = dict(zip(names, session.run(names, {"image": images.numpy()})))
    computed = {key: np.load(os.path.join(outputs, key + ".npy")) for key in names}
    figures = [difference({key: value[i] for key, value in each.items()}, expected[i]) for each in (computed, exports) for i in range(2)]
    if not max(figures) <= 1:
        raise Unequal(f"detections differ by {max(figures):.1e} of the limit")
    return f"detections agree within {max(figures):.1e} of the limit"
