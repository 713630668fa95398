"""The same network in PyTorch, which `benchmarks.runtimes` runs with a Python that has PyTorch.

    python -m benchmarks.torch_child WEIGHTS.npz WIDTHxHEIGHT PASSES eager|compile|export [ONNX]

Prints, as a line of JSON, the seconds of the passes and the peak memory in MiB.
"""

import json
import sys
import time

import numpy as np
import torch
from torch import nn

from benchmarks import machine
from benchmarks.torch_networks import transform_net


def network(weights):
    """The network of a checkpoint's weights (dict from path to array)."""
    residuals = sum(name.endswith("first/conv/bias") for name in weights)
    names = [
        *("down1", "down2", "down3"),
        *(f"residual{i + 1}/{part}" for i in range(residuals) for part in ("first", "second")),
        *("up1", "up2", "out"),
    ]
    net = transform_net(len(weights["down1/conv/bias"]), residuals)
    layers = [layer for layer in net.modules() if isinstance(layer, nn.Conv2d)]
    for name, layer in zip(names, layers, strict=True):
        kernel = weights[f"{name}/conv/kernel"].transpose(3, 2, 0, 1)
        _fill(layer, kernel, weights[f"{name}/conv/bias"])
    layers = [layer for layer in net.modules() if isinstance(layer, nn.InstanceNorm2d)]
    for name, layer in zip(names[:-1], layers, strict=True):
        _fill(layer, weights[f"{name}/norm/gamma"], weights[f"{name}/norm/beta"])
    return net.eval()


def _fill(layer, weight, bias):
    layer.weight.data = torch.tensor(np.ascontiguousarray(weight))
    layer.bias.data = torch.tensor(bias)


def main(weights, size, passes, kind, onnx_file=None):
    weights = dict(np.load(weights))
    width, height = map(int, size.split("x"))
    model = network(weights)
    image = np.random.default_rng(0).integers(0, 256, (1, height, width, 3)).astype("float32")
    x = torch.tensor(image).permute(0, 3, 1, 2)
    times = [time.perf_counter()]
    with torch.inference_mode():
        if kind == "export":
            torch.onnx.export(model, (x.contiguous(),), onnx_file, dynamo=True, verbose=False)
        else:
            model = model.to(memory_format=torch.channels_last)
            x = x.to(memory_format=torch.channels_last)
            model = torch.compile(model) if kind == "compile" else model
        for _ in range(int(passes)):
            model(x)
            times.append(time.perf_counter())
    peak = machine.peak_memory()
    print(json.dumps({"seconds": np.diff(times).tolist(), "peak": peak}))


if __name__ == "__main__":
    main(*sys.argv[1:])
