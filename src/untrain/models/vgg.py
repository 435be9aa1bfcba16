"""VGG-16 with batch norm for images of 8 to 64 pixels, with 1024 features as in the CoUn paper.

Simonyan and Zisserman 2015, arXiv 1409.1556, configuration D: 13 convolutions in five stages.

Differences: the CoUn paper says no more than 1024-d features. They are read here as the output
of the second of VGG's three linear layers, 512 -> 1024 -> 1024 -> classes in place of 4096 units,
without dropout, as batch norm is there. Convolutions have no bias, which batch norm would cancel.
Images above 32 pixels are averaged over what five poolings leave.
"""

from __future__ import annotations

from torch import Tensor, nn

from untrain.models.output import Output
from untrain.registry import models

STAGES = ((1, 2), (2, 2), (4, 3), (8, 3), (8, 3))
"""Channels in units of the width, and convolutions, of each stage."""


class VGG(nn.Module):
    """Five stages of 3x3 convolutions, each halving the size; features (B, 16 * width)."""

    returns_output = True

    def __init__(self, *, classes: int, channels: int = 3, width: int = 64) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        inputs = channels
        for times, depth in STAGES:
            for _ in range(depth):
                outputs = times * width
                layers += [
                    nn.Conv2d(inputs, outputs, 3, padding=1, bias=False),
                    nn.BatchNorm2d(outputs),
                    nn.ReLU(inplace=True),
                ]
                inputs = outputs
            # rounding up keeps a 1x1 map, which small images reach before the last stage
            layers.append(nn.MaxPool2d(2, ceil_mode=True))
        self.layers = nn.Sequential(*layers)
        self.pool = nn.AdaptiveAvgPool2d(1)
        hidden = 16 * width
        self.hidden = nn.Sequential(
            nn.Linear(inputs, hidden),
            nn.ReLU(inplace=True),
            nn.Linear(hidden, hidden),
            nn.ReLU(inplace=True),
        )
        self.head = nn.Linear(hidden, classes)

    def forward(self, x: Tensor) -> Output:
        features = self.hidden(self.pool(self.layers(x)).flatten(1))
        return Output(self.head(features), features)


vgg16 = models.add("vgg16", VGG)
