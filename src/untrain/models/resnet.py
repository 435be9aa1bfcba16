"""ResNets with the CIFAR stem: a 3x3 convolution and no max-pooling.

He et al. 2016, arXiv 1512.03385; the stem as in the CoUn and CU papers.
"""

from __future__ import annotations

from functools import partial

from torch import Tensor, nn

from untrain.errors import UserError
from untrain.models.output import Output
from untrain.registry import models


def conv(inputs: int, outputs: int, kernel: int, stride: int = 1) -> nn.Conv2d:
    return nn.Conv2d(inputs, outputs, kernel, stride, padding=kernel // 2, bias=False)


class Basic(nn.Module):
    """Two 3x3 convolutions and a shortcut."""

    expansion = 1

    def __init__(self, inputs: int, width: int, stride: int) -> None:
        super().__init__()
        self.conv1, self.bn1 = conv(inputs, width, 3, stride), nn.BatchNorm2d(width)
        self.conv2, self.bn2 = conv(width, width, 3), nn.BatchNorm2d(width)
        self.relu = nn.ReLU(inplace=True)
        self.shortcut = shortcut(inputs, width, stride)

    def forward(self, x: Tensor) -> Tensor:
        out = self.relu(self.bn1(self.conv1(x)))
        out = self.bn2(self.conv2(out))
        return self.relu(out + self.shortcut(x))  # type: ignore[no-any-return]


class Bottleneck(nn.Module):
    """1x1, 3x3 and 1x1 convolutions and a shortcut."""

    expansion = 4

    def __init__(self, inputs: int, width: int, stride: int) -> None:
        super().__init__()
        outputs = width * self.expansion
        self.conv1, self.bn1 = conv(inputs, width, 1), nn.BatchNorm2d(width)
        self.conv2, self.bn2 = conv(width, width, 3, stride), nn.BatchNorm2d(width)
        self.conv3, self.bn3 = conv(width, outputs, 1), nn.BatchNorm2d(outputs)
        self.relu = nn.ReLU(inplace=True)
        self.shortcut = shortcut(inputs, outputs, stride)

    def forward(self, x: Tensor) -> Tensor:
        out = self.relu(self.bn1(self.conv1(x)))
        out = self.relu(self.bn2(self.conv2(out)))
        out = self.bn3(self.conv3(out))
        return self.relu(out + self.shortcut(x))  # type: ignore[no-any-return]


def shortcut(inputs: int, outputs: int, stride: int) -> nn.Module:
    """The identity, or a strided projection where the shape changes."""
    if inputs == outputs and stride == 1:
        return nn.Identity()
    return nn.Sequential(conv(inputs, outputs, 1, stride), nn.BatchNorm2d(outputs))


class ResNet(nn.Module):
    """Four stages of `width`, 2, 4 and 8 times `width`; features are the pooled (B, D) output."""

    returns_output = True

    def __init__(
        self,
        block: type[Basic | Bottleneck],
        depths: tuple[int, ...],
        *,
        classes: int,
        channels: int = 3,
        width: int = 64,
    ) -> None:
        super().__init__()
        if width < 16 or width % 16:
            # oneDNN's avx512 gradient of a strided 1x1 convolution with fewer channels writes
            # out of bounds as soon as it has two threads (seen with torch 2.13)
            raise UserError(
                f"A ResNet of width {width} can crash in the CPU's convolution library.",
                where="--width",
                fix="Use a multiple of 16, such as 16, 32 or 64.",
            )
        self.conv1, self.bn1 = conv(channels, width, 3), nn.BatchNorm2d(width)
        self.relu = nn.ReLU(inplace=True)
        inputs, stages = width, []
        for stage, depth in enumerate(depths):
            for place in range(depth):
                stride = 2 if stage > 0 and place == 0 else 1
                stages.append(block(inputs, width << stage, stride))
                inputs = (width << stage) * block.expansion
        self.blocks = nn.Sequential(*stages)
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.head = nn.Linear(inputs, classes)

    def forward(self, x: Tensor) -> Output:
        x = self.relu(self.bn1(self.conv1(x)))
        features = self.pool(self.blocks(x)).flatten(1)
        return Output(self.head(features), features)


resnet18 = models.add("resnet18", partial(ResNet, Basic, (2, 2, 2, 2)))
resnet34 = models.add("resnet34", partial(ResNet, Basic, (3, 4, 6, 3)))
resnet50 = models.add("resnet50", partial(ResNet, Bottleneck, (3, 4, 6, 3)))
resnet101 = models.add("resnet101", partial(ResNet, Bottleneck, (3, 4, 23, 3)))
