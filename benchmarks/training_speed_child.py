"""One process of `benchmarks.training_speed`: PROGRAM SIZE BATCH STEPS THREADS, in PyTorch.

Prints the seconds of each step as JSON. The same work as a step of train.py, the
photographs already in memory.
"""

import contextlib
import json
import sys
import time

import torch

from benchmarks.torch_networks import VGG16, Vgg, gram, transform_net

CONTENT = (3, 3)
STYLE = ((1, 2), (2, 2), (3, 3), (4, 3))


def main():
    program, size, batch, steps, threads = sys.argv[1], *map(int, sys.argv[2:])
    torch.set_num_threads(threads)
    torch.manual_seed(0)
    layout = torch.channels_last
    network = transform_net().to(memory_format=layout)
    vgg = Vgg(VGG16, (CONTENT, *STYLE), memory_format=layout)
    optimizer = torch.optim.Adam(network.parameters(), 1e-3)
    photographs = torch.randint(0, 256, (batch, 3, size, size), dtype=torch.uint8)
    half = "bfloat16" in program
    with torch.no_grad():
        painting = torch.rand(1, 3, 480, 640) * 255
        grams = {name: gram(x) for name, x in vgg(painting, STYLE).items()}
    seconds = []
    for _ in range(steps):
        began = time.perf_counter()
        images = photographs.float().contiguous(memory_format=layout)
        with torch.autocast("cpu", torch.bfloat16) if half else contextlib.nullcontext():
            with torch.no_grad():
                target = vgg(images, [CONTENT])[CONTENT]
            outputs = network(images).float()
            found = vgg(outputs)
        loss = (found[CONTENT].float() - target.float()).square().mean()
        for name in STYLE:
            loss = loss + 2 * (gram(found[name]) - grams[name]).square().mean((1, 2)).mean()
        down = (outputs[:, :, 1:] - outputs[:, :, :-1]).abs().mean()
        right = (outputs[:, :, :, 1:] - outputs[:, :, :, :-1]).abs().mean()
        loss = loss + 500 * (down + right)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        loss.item()
        seconds.append(time.perf_counter() - began)
    print(json.dumps(seconds))


if __name__ == "__main__":
    main()
