"""The same network in PyTorch, which `benchmarks.runtimes` runs with a Python that has PyTorch.

python torch_child.py WEIGHTS.npz WIDTHxHEIGHT PASSES eager|compile|export [ONNX_FILE]
"""

import resource
import sys
import time

import numpy as np
import torch
from torch import nn
from torch.nn import functional


class Block(nn.Module):
    """Reflection padding, convolution, instance normalization, ReLU."""

    def __init__(self, weights, name, stride=1, enlarge=False, relu=True, last=False):
        super().__init__()
        kernel = torch.tensor(weights[f"{name}/conv/kernel"]).permute(3, 2, 0, 1).contiguous()
        outputs, inputs, size, _ = kernel.shape
        self.pad = nn.ReflectionPad2d(size // 2)
        self.conv = nn.Conv2d(inputs, outputs, size, stride)
        self.conv.weight.data = kernel
        self.conv.bias.data = torch.tensor(weights[f"{name}/conv/bias"])
        self.norm = None
        if not last:
            self.norm = nn.InstanceNorm2d(outputs, affine=True)
            self.norm.weight.data = torch.tensor(weights[f"{name}/norm/gamma"])
            self.norm.bias.data = torch.tensor(weights[f"{name}/norm/beta"])
        self.enlarge, self.relu = enlarge, relu and not last

    def forward(self, x):
        if self.enlarge:
            x = functional.interpolate(x, scale_factor=2.0, mode="nearest")
        x = self.conv(self.pad(x))
        x = x if self.norm is None else self.norm(x)
        return functional.relu(x) if self.relu else x


class Residual(nn.Module):
    def __init__(self, weights, name):
        super().__init__()
        self.first = Block(weights, f"{name}/first")
        self.second = Block(weights, f"{name}/second", relu=False)

    def forward(self, x):
        return x + self.second(self.first(x))


def network(weights):
    residuals = sum(1 for name in weights if name.endswith("first/conv/bias"))
    return nn.Sequential(
        Block(weights, "down1"),
        Block(weights, "down2", stride=2),
        Block(weights, "down3", stride=2),
        *(Residual(weights, f"residual{i + 1}") for i in range(residuals)),
        Block(weights, "up1", enlarge=True),
        Block(weights, "up2", enlarge=True),
        Block(weights, "out", last=True),
    ).eval()


def main(weights, size, passes, kind, onnx_file=None):
    weights = dict(np.load(weights))
    width, height = map(int, size.split("x"))
    model = network(weights)
    image = np.random.default_rng(0).integers(0, 256, (1, height, width, 3)).astype("float32")
    x = torch.tensor(image).permute(0, 3, 1, 2)
    with torch.inference_mode():
        if kind == "export":
            torch.onnx.export(model, (x.contiguous(),), onnx_file, dynamo=True, verbose=False)
            return
        model = model.to(memory_format=torch.channels_last)
        x = x.to(memory_format=torch.channels_last)
        model = torch.compile(model) if kind == "compile" else model
        times = [time.perf_counter()]
        for _ in range(int(passes) + 1):
            result = model(x)
            times.append(time.perf_counter())
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print("figures", *np.diff(times), peak, float(result.mean()))


if __name__ == "__main__":
    main(*sys.argv[1:])
