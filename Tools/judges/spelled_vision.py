"""Segmentation and detection networks of the zoo that torchvision does not have, spelled in PyTorch with the zoo's names.

NETWORKS lists (file, parameters as published or None, network, inputs by name); forward gives outputs by name.
"""
import torch
from torch import nn
from torch.nn import functional as F


class FCN8s(nn.Module):
    """Long, Shelhamer and Darrell, 2015, with the padding and the crops of the published Caffe network."""

    def __init__(self, classes=21):
        super().__init__()
        self.stages, previous = [2, 2, 3, 3, 3], 3
        for stage, (width, count) in enumerate(zip([64, 128, 256, 512, 512], self.stages), 1):
            for i in range(1, count + 1):
                self.add_module(f"conv{stage}_{i}", nn.Conv2d(previous, width, 3, padding=100 if stage == i == 1 else 1))
                previous = width
        self.fc6, self.fc7 = nn.Conv2d(512, 4096, 7), nn.Conv2d(4096, 4096, 1)
        self.score_fr, self.score_pool4, self.score_pool3 = (nn.Conv2d(n, classes, 1) for n in (4096, 512, 256))
        self.upscore2 = nn.ConvTranspose2d(classes, classes, 4, 2, bias=False)
        self.upscore_pool4 = nn.ConvTranspose2d(classes, classes, 4, 2, bias=False)
        self.upscore8 = nn.ConvTranspose2d(classes, classes, 16, 8, bias=False)

    def forward(self, image):
        x, pools = image, []
        for stage, count in enumerate(self.stages, 1):
            for i in range(1, count + 1):
                x = F.relu(self.get_submodule(f"conv{stage}_{i}")(x))
            x = F.max_pool2d(x, 2, ceil_mode=True)
            pools.append(x)
        x = self.upscore2(self.score_fr(F.relu(self.fc7(F.relu(self.fc6(x))))))
        x = self.upscore_pool4(x + self.score_pool4(pools[3])[:, :, 5:, 5:][:, :, : x.shape[2], : x.shape[3]])
        x = self.upscore8(x + self.score_pool3(pools[2])[:, :, 9:, 9:][:, :, : x.shape[2], : x.shape[3]])
        return {"logits": x[:, :, 31:, 31:][:, :, : image.shape[2], : image.shape[3]]}


class SegNet(nn.Module):
    """Badrinarayanan, Kendall and Cipolla, 2015."""

    def __init__(self, classes=11):
        super().__init__()
        self.widths, self.counts, previous = [64, 128, 256, 512, 512], [2, 2, 3, 3, 3], 3
        for stage in range(5):
            for i in range(1, self.counts[stage] + 1):
                self.add(f"conv{stage + 1}_{i}", previous, self.widths[stage])
                previous = self.widths[stage]
        for stage in reversed(range(5)):
            for i in range(self.counts[stage], 1, -1):
                self.add(f"conv{stage + 1}_{i}_D", self.widths[stage], self.widths[stage])
            if stage > 0:
                self.add(f"conv{stage + 1}_1_D", self.widths[stage], self.widths[stage - 1])
        self.conv1_1_D = nn.Conv2d(64, classes, 3, padding=1)

    def add(self, name, inputs, width):
        self.add_module(name, nn.Conv2d(inputs, width, 3, padding=1))
        self.add_module(name + "_bn", nn.BatchNorm2d(width))

    def unit(self, x, name):
        return F.relu(self.get_submodule(name + "_bn")(self.get_submodule(name)(x)))

    def forward(self, image):
        x, pools = image, []
        for stage in range(5):
            for i in range(1, self.counts[stage] + 1):
                x = self.unit(x, f"conv{stage + 1}_{i}")
            size = x.shape[2:]
            x, indices = F.max_pool2d(x, 2, ceil_mode=True, return_indices=True)
            pools.append((indices, size))
        for stage in reversed(range(5)):
            indices, size = pools[stage]
            x = F.max_unpool2d(x, indices, 2, output_size=size)
            for i in range(self.counts[stage], 1 if stage == 0 else 0, -1):
                x = self.unit(x, f"conv{stage + 1}_{i}_D")
        return {"logits": self.conv1_1_D(x)}


class YOLOv1(nn.Module):
    """Redmon, Divvala, Girshick and Farhadi, 2016; results in the order of Darknet's detection layer."""

    def __init__(self, classes=20, boxes=2):
        super().__init__()
        self.classes, self.boxes, previous = classes, boxes, 3
        widths = [64, 192] + [128, 256, 256, 512] + [256, 512] * 4 + [512, 1024] * 3 + [1024] * 4
        kernels = [7, 3] + [1, 3] * 9 + [3] * 4
        for i, (width, kernel) in enumerate(zip(widths, kernels), 1):
            self.add_module(f"conv{i}", nn.Conv2d(previous, width, kernel, 2 if i in (1, 22) else 1, kernel // 2))
            previous = width
        self.fc1, self.fc2 = nn.Linear(49 * 1024, 4096), nn.Linear(4096, 49 * (classes + 5 * boxes))

    def forward(self, x):
        for i in range(1, 25):
            x = F.leaky_relu(self.get_submodule(f"conv{i}")(x), 0.1)
            if i in (1, 2, 6, 16):
                x = F.max_pool2d(x, 2)
        x = self.fc2(F.leaky_relu(self.fc1(x.flatten(1)), 0.1))
        n, classes, boxes = 7, self.classes, self.boxes
        kinds = x[:, : n * n * classes].view(-1, n, n, 1, classes)
        confidences = x[:, n * n * classes : n * n * (classes + boxes)].view(-1, n, n, boxes, 1)
        places = x[:, n * n * (classes + boxes) :].view(-1, n, n, boxes, 4)
        row, column = torch.meshgrid(torch.arange(n), torch.arange(n), indexing="ij")
        cx, cy = (places[..., 0] + column[..., None]) / n, (places[..., 1] + row[..., None]) / n
        w, h = places[..., 2] ** 2, places[..., 3] ** 2
        corners = torch.stack([cx - w / 2, cy - h / 2, cx + w / 2, cy + h / 2], -1)
        return {"boxes": corners.flatten(1, 3), "scores": (confidences * kinds).flatten(1, 3)}


class Unit(nn.Module):
    def __init__(self, inputs, width, kernel=3):
        super().__init__()
        self.conv, self.bn = nn.Conv2d(inputs, width, kernel, padding=kernel // 2, bias=False), nn.BatchNorm2d(width)

    def forward(self, x):
        return F.leaky_relu(self.bn(self.conv(x)), 0.1)


class YOLOv3Tiny(nn.Module):
    """Redmon and Farhadi, 2018; layers by their numbers in Darknet's yolov3-tiny.cfg."""

    anchors = [[10, 14], [23, 27], [37, 58], [81, 82], [135, 169], [344, 319]]

    def __init__(self, classes=80):
        super().__init__()
        parts = {0: Unit(3, 16), 2: Unit(16, 32), 4: Unit(32, 64), 6: Unit(64, 128), 8: Unit(128, 256), 10: Unit(256, 512),
                 12: Unit(512, 1024), 13: Unit(1024, 256, 1), 14: Unit(256, 512), 15: nn.Conv2d(512, 3 * (5 + classes), 1),
                 18: Unit(256, 128, 1), 21: Unit(384, 256), 22: nn.Conv2d(256, 3 * (5 + classes), 1)}
        for i, part in parts.items():
            self.add_module(str(i), part)

    def decoded(self, x, anchors, stride):
        n, _, rows, columns = x.shape
        x = x.view(n, 3, -1, rows, columns)
        row, column = torch.meshgrid(torch.arange(rows), torch.arange(columns), indexing="ij")
        cx, cy = (x[:, :, 0].sigmoid() + column) * stride, (x[:, :, 1].sigmoid() + row) * stride
        w, h = (x[:, :, 2 + i].exp() * torch.tensor(anchors)[:, i, None, None] for i in (0, 1))
        boxes = torch.stack([cx - w / 2, cy - h / 2, cx + w / 2, cy + h / 2], -1)
        scores = (x[:, :, 4:5].sigmoid() * x[:, :, 5:].sigmoid()).movedim(2, -1)
        return boxes.flatten(1, 3), scores.flatten(1, 3)

    def forward(self, x):
        part = lambda i, x: self.get_submodule(str(i))(x)
        for i in (0, 2, 4, 6):
            x = F.max_pool2d(part(i, x), 2)
        fine = part(8, x)
        x = part(10, F.max_pool2d(fine, 2))
        x = F.max_pool2d(F.pad(x, (0, 1, 0, 1), value=-float("inf")), 2, 1)
        x = part(13, part(12, x))
        coarse = self.decoded(part(15, part(14, x)), self.anchors[3:], 32)
        x = torch.cat([F.interpolate(part(18, x), scale_factor=2), fine], 1)
        fine = self.decoded(part(22, part(21, x)), self.anchors[:3], 16)
        boxes, scores = (torch.cat(both, 1) for both in zip(coarse, fine))
        return {"boxes": boxes, "scores": scores}


NETWORKS = [
    ("fcn", 134_489_759, FCN8s, lambda: {"image": torch.randn(1, 3, 500, 500)}),
    ("yolo_v1", 271_703_550, YOLOv1, lambda: {"image": torch.rand(2, 3, 448, 448)}),
    ("yolo_v3_tiny", 8_852_366, YOLOv3Tiny, lambda: {"image": torch.rand(2, 3, 416, 416)}),
    ("segnet", 29_449_355, SegNet, lambda: {"image": torch.randn(1, 3, 360, 480)}),
]
