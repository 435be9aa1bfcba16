"""A small convolutional network for 8 to 32 pixel images: digits in seconds on a laptop."""

from __future__ import annotations

from torch import Tensor, nn

from untrain.models.output import Output
from untrain.registry import models


class Small(nn.Module):
    """Three 3x3 convolutions with batch norm, halving the size twice; features (B, 4 * width)."""

    returns_output = True

    def __init__(self, *, classes: int, channels: int = 1, width: int = 32) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        inputs = channels
        for outputs, stride in ((width, 1), (2 * width, 2), (4 * width, 2)):
            layers += [
                nn.Conv2d(inputs, outputs, 3, stride, padding=1, bias=False),
                nn.BatchNorm2d(outputs),
                nn.ReLU(inplace=True),
            ]
            inputs = outputs
        self.layers = nn.Sequential(*layers)
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.head = nn.Linear(inputs, classes)

    def forward(self, x: Tensor) -> Output:
        features = self.pool(self.layers(x)).flatten(1)
        return Output(self.head(features), features)


small = models.add("small", Small)
