"""A transformation network without Keras: options, shapes of weights, receptive fields.

This is all that is needed to load a network without TensorFlow, or to feed it bands of an image.
"""

import functools
from dataclasses import asdict, dataclass

from fast_style.errors import InvalidValue, check_choice, check_integer

STYLE, SUPER_RESOLUTION = "style", "super_resolution"
TASKS = (STYLE, SUPER_RESOLUTION)
"""The tasks that a network may be trained for."""
NORMALIZATIONS = ("instance", "batch", "none")
PADDINGS = ("reflect", "zero")
UPSAMPLINGS = ("nearest", "transpose")
OUTPUTS = ("tanh", "linear")
STRIDED_KERNELS = (3, 4)
# A config may come from an untrusted file, which must not make a network of any size. These are far
# above the defaults, 32 and 5.
MAX_WIDTH = 512
MAX_RESIDUAL_BLOCKS = 64
MAX_STYLES = 1024
STRIDE = 4  # of the bottleneck: two convolutions of stride 2
SMALLEST = 2 * STRIDE  # pixels; reflection in the residual blocks needs two rows of features
# Added to variances by both normalizations: PyTorch's default, so its networks convert exactly.
EPSILON = 1e-5


@dataclass(frozen=True)
class Convolution:
    """One convolution of the network.

    Attributes:
        name: str, path of its block, such as "residual1/first".
        kernel_size: int, pixels.
        inputs, outputs: int, channels.
        scale: int, rows of its output for one row of the bottleneck: 4, 2 or 1.
    """

    name: str
    kernel_size: int
    inputs: int
    outputs: int
    scale: int


@dataclass(frozen=True)
class Architecture:
    """Options of a `TransformNet`; see there.

    Raises:
        ValueError: an unsupported option, or a number out of range.
    """

    width: int = 32
    residual_blocks: int = 5
    normalization: str = "instance"
    padding: str = "reflect"
    upsampling: str = "nearest"
    output: str = "linear"
    strided_kernel: int = 3
    styles: int = 1

    def __post_init__(self):
        check_choice("normalization", self.normalization, NORMALIZATIONS)
        check_choice("padding", self.padding, PADDINGS)
        check_choice("upsampling", self.upsampling, UPSAMPLINGS)
        check_choice("output", self.output, OUTPUTS)
        check_choice("strided_kernel", self.strided_kernel, STRIDED_KERNELS)
        check_integer("width", self.width, 1, MAX_WIDTH)
        check_integer("residual_blocks", self.residual_blocks, 0, MAX_RESIDUAL_BLOCKS)
        check_integer("styles", self.styles, 1, MAX_STYLES)
        if self.styles > 1 and self.normalization != "instance":
            raise InvalidValue(
                "`normalization` must be instance for several styles; "
                f"received {self.normalization}"
            )

    @property
    def residuals(self):
        """Names of the residual blocks, in order."""
        return [f"residual{i + 1}" for i in range(self.residual_blocks)]

    @functools.cached_property
    def convolutions(self):
        """The network's `Convolution`s in order, a dict by name."""
        width, kernel = self.width, self.strided_kernel
        up = kernel if self.upsampling == "transpose" else 3
        table = [  # name, side of the kernel, channels in and out, scale of the output
            ("down1", 9, 3, width, 4),
            ("down2", kernel, width, 2 * width, 2),
            ("down3", kernel, 2 * width, 4 * width, 1),
            *(
                (f"{block}/{part}", 3, 4 * width, 4 * width, 1)
                for block in self.residuals
                for part in ("first", "second")
            ),
            ("up1", up, 4 * width, 2 * width, 2),
            ("up2", up, 2 * width, width, 4),
            ("out", 9, width, 3, 4),
        ]
        return {line[0]: Convolution(*line) for line in table}

    @functools.cached_property
    def normalized(self):
        """The place of each instance normalization's moments in an array `[2, channels]`.

        Returns:
            dict from the name of a convolution to a slice; empty for the other normalizations.
        """
        slices, start = {}, 0
        for convolution in self.convolutions.values():
            if self.normalization == "instance" and convolution.name != "out":
                slices[convolution.name] = slice(start, start + convolution.outputs)
                start += convolution.outputs
        return slices

    @property
    def ignores_colour(self):
        """Whether images that differ by one colour, added to all pixels, give the same features.

        The first normalization subtracts what the colour adds; zeros at the border would not move
        with the pixels.
        """
        return self.normalization == "instance" and self.padding == "reflect"

    @property
    def normalized_channels(self):
        """How many channels the instance normalizations have together."""
        return max((found.stop for found in self.normalized.values()), default=0)

    @property
    def weight_shapes(self):
        """dict from the path of each weight, such as "down1/conv/kernel", to its shape."""
        parts = {
            "instance": ("gamma", "beta"),
            "batch": ("gamma", "beta", "moving_mean", "moving_variance"),
            "none": (),
        }[self.normalization]
        shapes = {}
        for name, convolution in self.convolutions.items():
            size, channels = convolution.kernel_size, convolution.outputs
            ends = (convolution.inputs, channels)
            if self.upsampling == "transpose" and name in ("up1", "up2"):
                ends = ends[::-1]  # Keras's order for transposed convolutions
            shapes[f"{name}/conv/kernel"] = (size, size, *ends)
            shapes[f"{name}/conv/bias"] = (channels,)
            rows = (channels,) if self.styles == 1 else (self.styles, channels)
            for part in parts if name != "out" or self.styles > 1 else ():
                shapes[f"{name}/norm/{part}"] = rows
        return shapes

    @property
    def options(self):
        """The options as a dict."""
        return asdict(self)
