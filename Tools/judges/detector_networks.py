"""The networks of exported_detectors.py: torchvision's detectors, small, and two ways in which YOLO's are exported.

A network has `answer(image)`, what it finds as a dictionary by output; `scale(image)`, which makes its scores differ; `silent(name,
values)`, the values of a tensor of the exported file with which nothing is found, or None where they stay; `export(image, path,
exporter)`, `exporters` and `is_open`, whether the file takes images of all sizes.
"""
import functools

import torch
import torchvision
from torch import nn
from torchvision.ops.misc import FrozenBatchNorm2d

COMMON = dict(weights=None, weights_backbone=None, num_classes=4)
SIZES = dict(min_size=96, max_size=160)
TWO_STAGES = dict(COMMON, **SIZES, rpn_pre_nms_top_n_test=60, rpn_post_nms_top_n_test=30, box_detections_per_img=20)
ONE_STAGE = dict(COMMON, **SIZES, topk_candidates=60, detections_per_img=20)
FIXED = dict(COMMON, topk_candidates=40, detections_per_img=20)
NORMALISATIONS = (nn.BatchNorm2d, FrozenBatchNorm2d)
SCORES = ("cls_logits", "cls_score", "classification_head.module_list", "bbox_ctrness", "kps_score", "mask_fcn_logits")
# What a residual block adds, as a share.
RESIDUAL = 0.3
BOXES = ("bbox_pred", "bbox_reg", "regression_head.module_list")


def scaled(network, layers, call):
    """Makes the outputs of layers spread, `(layer, largest magnitude, classes or 0)`, one after the other, as far as `call` reaches them:
    far enough that scores differ by more than rounding, not so far that a sigmoid or softmax is 1 for many. Biases are drawn, since
    exporters write equal ones once. Where the first of the classes is the background it is made to be beaten half of the time.
    """
    for layer, largest, classes in layers:
        found = []
        hook = layer.register_forward_hook(lambda _layer, _inputs, output: found.append(output))
        with torch.no_grad():
            call(network)
        hook.remove()
        reached = max((output.abs().max().item() for output in found if output.numel()), default=0)
        with torch.no_grad():
            if reached > 0:
                layer.weight.mul_(largest / reached)
            if layer.bias is None:
                continue
            layer.bias.normal_(0, 0.05)
            if classes and reached > 0:
                rows = torch.cat([
                    (output.permute(0, 2, 3, 1) if output.dim() == 4 else output).reshape(-1, classes) for output in found])
                rows = rows * (largest / reached)
                layer.bias.view(-1, classes)[:, 0] = (rows[:, 1:].max(1).values - rows[:, 0]).median()


def normalized(network, call):
    """Statistics of normalisations as an image has them, so that places far inside of the network still differ."""
    def measure(layer, inputs):
        x = inputs[0]
        if x.shape[2] * x.shape[3] > 1:
            layer.running_mean.copy_(x.mean((0, 2, 3)))
            layer.running_var.copy_(x.var((0, 2, 3)) + 1e-3)

    hooks = [layer.register_forward_pre_hook(measure) for layer in network.modules() if isinstance(layer, NORMALISATIONS)]
    with torch.no_grad():
        call(network)
    for hook in hooks:
        hook.remove()


def randomized(network):
    """Scales of normalisations as a training leaves them: what is drawn makes all images alike, and blocks that add as much as they are
    given make noise of what rounding changes."""
    with torch.no_grad():
        for layer in network.modules():
            if isinstance(layer, NORMALISATIONS):
                layer.running_mean.normal_(0, 0.1)
                layer.running_var.uniform_(0.5, 1.5)
                layer.weight.uniform_(0.6, 1.2)
                layer.bias.normal_(0, 0.05)
        for name, layer in network.named_modules():
            if name.endswith("bn3"):
                layer.weight.mul_(RESIDUAL)
    return network.eval()


class Torchvision:
    exporters = ["script"]
    is_open = True

    def __init__(self, make, options):
        self.network = randomized(make(**options))
        self.classes = options["num_classes"]
        self.outputs = []

    def answer(self, image):
        found = self.network([image])[0]
        self.outputs = list(found)
        return found

    def scale(self, image):
        normalized(self.network, lambda network: network([image]))
        layers = []
        for name, layer in self.network.named_modules():
            if isinstance(layer, (nn.Conv2d, nn.ConvTranspose2d, nn.Linear)):
                if any(part in name for part in SCORES):
                    has_background = "cls_score" in name or "classification_head.module_list" in name
                    layers.append((layer, 5.0, self.classes if has_background else 0))
                elif any(part in name for part in BOXES):
                    layers.append((layer, 1.0, 0))
        scaled(self.network, layers, lambda network: network([image]))

    def silent(self, name, values):
        if not name.endswith("bias") or name.startswith("rpn.") or not any(part in name for part in SCORES[:3]):
            return None
        if "cls_score" in name:
            values[0] = 60
        elif "cls_logits" in name:
            values[:] = -60
        elif values.size % self.classes == 0:
            # A place's classes lie beside one another; the first is the background.
            values.reshape(-1, self.classes)[:, 0] = 60
        return values

    def export(self, image, path, exporter):
        torch.onnx.export(
            self.network, ([image],), path, dynamo=False, input_names=["image"], output_names=self.outputs, opset_version=17,
            dynamic_axes={"image": {1: "height", 2: "width"}})


class Suppression(torch.autograd.Function):
    """ONNX's operator as a node, as exports of YOLO put it into the file: boxes `[1, N, 4]` and scores `[1, C, N]` to rows `[M, 3]` of
    image, class and box."""

    @staticmethod
    def forward(_context, boxes, scores, most, overlap, least):
        rows = []
        for c in range(scores.shape[1]):
            places = (scores[0, c] > least).nonzero().flatten()
            kept = places[torchvision.ops.nms(boxes[0, places], scores[0, c, places], float(overlap))][: int(most)]
            rows += [torch.tensor([0, c, int(place)]) for place in kept]
        return torch.stack(rows) if rows else torch.zeros(0, 3, dtype=torch.int64)

    @staticmethod
    def symbolic(graph, boxes, scores, most, overlap, least):
        return graph.op("NonMaxSuppression", boxes, scores, most, overlap, least)


class YOLO(nn.Module):
    """A small network with the head of YOLOv8: distances to four sides as distributions, no anchors, three levels.

    `end` says how suppression is written: `nms`, torchvision's operator over boxes moved apart by class; `operator`, ONNX's own.
    """

    BINS, CLASSES, STRIDES = 8, 5, (8, 16, 32)

    def __init__(self, end):
        super().__init__()
        self.end = end

        def layer(inputs, outputs, stride):
            return nn.Sequential(nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False), nn.BatchNorm2d(outputs), nn.SiLU())

        self.stem = nn.Sequential(layer(3, 16, 2), layer(16, 32, 2))
        self.levels = nn.ModuleList([layer(32, 48, 2), layer(48, 48, 2), layer(48, 48, 2)])
        self.sides = nn.ModuleList(nn.Conv2d(48, 4 * self.BINS, 1) for _ in self.STRIDES)
        self.classes = nn.ModuleList(nn.Conv2d(48, self.CLASSES, 1) for _ in self.STRIDES)

    def forward(self, image):
        features, sides, scores, points, strides = self.stem(image), [], [], [], []
        for level, side, classes, stride in zip(self.levels, self.sides, self.classes, self.STRIDES):
            features = level(features)
            height, width = features.shape[2:]
            y, x = torch.meshgrid(torch.arange(height) + 0.5, torch.arange(width) + 0.5, indexing="ij")
            points.append(torch.stack((x, y), -1).reshape(-1, 2) * stride)
            strides.append(torch.full((height * width, 1), float(stride)))
            sides.append(side(features).flatten(2))
            scores.append(classes(features).flatten(2))
        points, strides, scores = torch.cat(points), torch.cat(strides), torch.cat(scores, 2).sigmoid()
        bins = torch.cat(sides, 2).transpose(1, 2).reshape(1, -1, 4, self.BINS).softmax(3)
        distances = (bins @ torch.arange(self.BINS).float()) * strides
        boxes = torch.cat((points - distances[..., :2], points + distances[..., 2:]), 2)
        return self.operator(boxes, scores) if self.end == "operator" else self.nms(boxes[0], scores[0])

    def nms(self, boxes, scores):
        best, label = scores.max(0)
        places = (best > 0.5).nonzero().flatten()
        boxes, best, label = boxes[places], best[places], label[places]
        kept = torchvision.ops.nms(boxes + label.unsqueeze(1) * 4096.0, best, 0.45)[:20]
        return torch.cat((boxes[kept], best[kept].unsqueeze(1), label[kept].unsqueeze(1).float()), 1)

    def operator(self, boxes, scores):
        rows = Suppression.apply(boxes, scores, torch.tensor([4]), torch.tensor([0.45]), torch.tensor([0.5]))
        label, place = rows[:, 1], rows[:, 2]
        return torch.cat((boxes[0, place], scores[0, label, place].unsqueeze(1), label.unsqueeze(1).float()), 1)


class Yolo:
    """The network above, behind what the judge asks for."""

    is_open = True

    def __init__(self, end):
        self.network = randomized(YOLO(end))
        self.exporters = ["script"] if end == "operator" else ["script", "dynamo"]

    def answer(self, image):
        return {"found": self.network(image.unsqueeze(0))}

    def scale(self, image):
        normalized(self.network, lambda network: network(image.unsqueeze(0)))
        layers = [(layer, 5.0, 0) for layer in self.network.classes] + [(layer, 3.0, 0) for layer in self.network.sides]
        scaled(self.network, layers, lambda network: network(image.unsqueeze(0)))

    def silent(self, name, values):
        if "classes" not in name or not name.endswith("bias"):
            return None
        values[:] = -60
        return values

    def export(self, image, path, exporter):
        arguments = dict(input_names=["image"], output_names=["found"])
        if exporter == "dynamo":
            height, width = (torch.export.Dim(name, min=64, max=1024) for name in ("height", "width"))
            torch.onnx.export(
                self.network, (image.unsqueeze(0),), path, dynamo=True, external_data=False, verbose=False,
                dynamic_shapes=({2: height, 3: width},), **arguments)
        else:
            torch.onnx.export(
                self.network, (image.unsqueeze(0),), path, dynamo=False, opset_version=17,
                dynamic_axes={"image": {2: "height", 3: "width"}}, **arguments)


def networks():
    detection = torchvision.models.detection
    listed = {
        "ssdlite320": (detection.ssdlite320_mobilenet_v3_large, FIXED),
        "ssd300": (detection.ssd300_vgg16, FIXED),
        "faster_rcnn_mobilenet_320": (detection.fasterrcnn_mobilenet_v3_large_320_fpn, TWO_STAGES),
        "faster_rcnn_resnet50": (detection.fasterrcnn_resnet50_fpn, TWO_STAGES),
        "mask_rcnn_resnet50": (detection.maskrcnn_resnet50_fpn, TWO_STAGES),
        "keypoint_rcnn_resnet50": (detection.keypointrcnn_resnet50_fpn, dict(TWO_STAGES, num_classes=2, num_keypoints=5)),
        "retinanet_resnet50": (detection.retinanet_resnet50_fpn, ONE_STAGE),
        "fcos_resnet50": (detection.fcos_resnet50_fpn, ONE_STAGE),
    }
    made = {name: functools.partial(Torchvision, make, options) for name, (make, options) in listed.items()}
    return {**made, "yolo_nms": functools.partial(Yolo, "nms"), "yolo_operator": functools.partial(Yolo, "operator")}


NETWORKS = networks()
