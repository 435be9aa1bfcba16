"""Small packages with the faces of timm and torchvision, for machines that have neither."""

from __future__ import annotations

from pathlib import Path

TIMM = '''
from types import SimpleNamespace

import torch
from torch import nn

__version__ = "1.0-stand-in"


class Conv(nn.Module):
    """Any size of images; timm's convention for the head."""

    def __init__(self, num_classes=1000, in_chans=3):
        super().__init__()
        self.num_features = 6
        self.conv_stem = nn.Conv2d(in_chans, 6, 3, padding=1)
        self.classifier = nn.Linear(6, num_classes)
        self.pretrained_cfg = {"classifier": "classifier", "first_conv": "conv_stem"}

    def get_classifier(self):
        return self.classifier

    def forward(self, x):
        return self.classifier(self.conv_stem(x).relu().mean((2, 3)))


class Vit(nn.Module):
    """One size of images."""

    def __init__(self, num_classes=1000, in_chans=3, img_size=224):
        super().__init__()
        if img_size % 4:
            raise ValueError(f"{img_size} is not divisible by 4")
        self.num_features, self.img_size = 8, img_size
        self.pos_embed = nn.Parameter(torch.randn(1, (img_size // 4) ** 2, 8))
        self.patch = nn.Conv2d(in_chans, 8, 4, 4)
        self.head = nn.Linear(8, num_classes)

    def forward(self, x):
        assert x.shape[-1] == self.img_size, "Input size does not match"
        return self.head((self.patch(x).flatten(2).mT + self.pos_embed).relu().mean(1))


NETWORKS = {"convy": Conv, "vitty": Vit}


def list_models():
    return list(NETWORKS)


def is_model(name):
    return name in NETWORKS


def get_pretrained_cfg(name):
    return SimpleNamespace(mean=(0.5, 0.5, 0.5), std=(0.5, 0.5, 0.5))


def create_model(name, pretrained=False, **kwargs):
    if pretrained and name == "vitty":
        raise RuntimeError("No pretrained weights exist for vitty.")
    if pretrained:
        torch.manual_seed(7)
    return NETWORKS[name](**kwargs)
'''
TORCHVISION = """
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self, num_classes=1000):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 6, 3, padding=1)
        self.fc = nn.Linear(6, num_classes)

    def forward(self, x):
        return self.fc(self.conv1(x).relu().mean((2, 3)))


class Weights:
    class DEFAULT:
        @staticmethod
        def get_state_dict(progress):
            torch.manual_seed(7)
            return Net().state_dict()


def list_models(module):
    return ["netty"]


def get_model(name, weights=None, **config):
    return Net(**config)


def get_model_weights(name):
    return Weights
"""


def write(folder: Path) -> None:
    """Both packages into a folder that is on Python's path."""
    (folder / "timm.py").write_text(TIMM)
    (folder / "torchvision").mkdir()
    (folder / "torchvision" / "__init__.py").write_text("from torchvision import models\n")
    (folder / "torchvision" / "models.py").write_text(TORCHVISION)
