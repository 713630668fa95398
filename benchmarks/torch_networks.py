"""PyTorch's side of comparisons: networks of the same shapes, random weights. Needs torch alone."""

import torch
from torch import nn
from torch.nn import functional

VGG16 = ((64, 2), (128, 2), (256, 3), (512, 3), (512, 3))  # blocks: channels, convolutions
VGG19 = ((64, 2), (128, 2), (256, 4), (512, 4), (512, 4))
_MEAN = (103.939, 116.779, 123.68)  # BGR, ImageNet


class Vgg:
    """Features of a frozen VGG; called on float32 RGB `[N, 3, H, W]`, 0..255.

    Args:
        blocks: `VGG16` or `VGG19`.
        wanted: pairs (block, convolution), from 1, whose features after the ReLU are returned as a
            dict; nothing beyond the last of them is computed.
        pool: `functional.max_pool2d` or `functional.avg_pool2d`.
        memory_format: of the kernels.
    """

    def __init__(
        self,
        blocks,
        wanted,
        pool=functional.max_pool2d,
        memory_format=torch.contiguous_format,
    ):
        generator = torch.Generator().manual_seed(0)
        self._wanted = set(wanted)
        self._pool = pool
        self._mean = torch.tensor(_MEAN).reshape(1, 3, 1, 1)
        self._kernels, channels = {}, 3
        for block, (width, depth) in enumerate(blocks, 1):
            for number in range(1, depth + 1):
                if (block, number) > max(self._wanted):
                    break
                scale = (6 / (9 * (channels + width))) ** 0.5  # Keras's initial weights
                kernel = torch.empty(width, channels, 3, 3)
                kernel.uniform_(-scale, scale, generator=generator)
                kernel = kernel.to(memory_format=memory_format)
                self._kernels[block, number] = kernel, torch.zeros(width)
                channels = width

    def __call__(self, images, wanted=None):
        wanted = self._wanted if wanted is None else set(wanted)
        found = {}
        x = images.flip(1) - self._mean
        for (block, number), (kernel, bias) in self._kernels.items():
            if (block, number) > max(wanted):
                break
            if block > 1 and number == 1:
                x = self._pool(x, 2)
            x = functional.relu(functional.conv2d(x, kernel, bias, padding=1))
            if (block, number) in wanted:
                found[block, number] = x
        return found


def gram(features):
    """Gram matrices of `[N, C, H, W]`, divided by C H W, in float32."""
    flat = features.float().flatten(2)
    return flat @ flat.transpose(1, 2) / flat[0].numel()


def _block(inputs, outputs, size, stride=1, last=False):
    convolution = nn.Conv2d(inputs, outputs, size, stride)
    layers = [nn.ReflectionPad2d(size // 2), convolution]
    return layers if last else [*layers, nn.InstanceNorm2d(outputs, affine=True), nn.ReLU()]


class _Residual(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.layers = nn.Sequential(*_block(width, width, 3), *_block(width, width, 3)[:-1])

    def forward(self, x):
        return x + self.layers(x)


def transform_net(width=32, residual_blocks=5):
    """The network that `fast_style.TransformNet` is with its defaults."""
    up = nn.Upsample(scale_factor=2)
    return nn.Sequential(
        *_block(3, width, 9),
        *_block(width, 2 * width, 3, 2),
        *_block(2 * width, 4 * width, 3, 2),
        *(_Residual(4 * width) for _ in range(residual_blocks)),
        up,
        *_block(4 * width, 2 * width, 3),
        up,
        *_block(2 * width, width, 3),
        *_block(width, 3, 9, last=True),
    )
