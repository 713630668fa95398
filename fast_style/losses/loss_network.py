"""The loss network: a fixed VGG whose features the perceptual losses compare."""

import re

import keras
from keras import ops

from fast_style.errors import InvalidValue, check_choice, first_line
from fast_style.losses import vgg_weights
from fast_style.losses.preprocessing import CAFFE

ARCHITECTURES = ("vgg16", "vgg19")
POOLINGS = ("max", "average")
WEIGHTS_HELP = (
    "Weights of the loss network: imagenet, or the path of a file of Keras (.keras, .weights.h5, "
    ".h5: the network alone, with top, or fine-tuned inside another model) or of PyTorch (.pth, "
    "which is given images as torchvision prepares them)."
)


@keras.saving.register_keras_serializable("fast_style")
class LossNetwork(keras.Model):
    """Features of a frozen VGG-16 or VGG-19 at named layers, in one pass.

    The network ends after the deepest of `layers`. It does the preprocessing that its weights
    were trained with: Keras's (BGR, minus the ImageNet mean), or of a file of PyTorch's
    torchvision's (RGB, minus the mean, divided by the standard deviation). Features are taken after
    the ReLU: `block3_conv3` is the paper's relu3_3.

    Called on float32 RGB `[N, H, W, 3]` with values 0..255, returns a dict from layer name to
    features `[N, H', W', C]`, ordered from shallow to deep. Called with `layers`, it returns only
    these and stops after the deepest of them.

    Args:
        layers: names of convolutions as Keras writes them, such as "block3_conv3".
        architecture: "vgg16" or "vgg19".
        weights: "imagenet" (downloaded by Keras once), the path of a file that
            `fast_style.losses.vgg_weights.read` takes (a VGG of Keras, with or without top, one
            fine-tuned inside another model, or PyTorch's), or None for random weights.
        pooling: "max", or "average" as Gatys et al. 2015 prefer.
        border: int, pixels by which an image is continued on each side, by reflection, and whose
            features are cut off again: VGG pads its convolutions with zeros, and a network that is
            trained against features of that draws a frame. A multiple of the stride of the deepest
            layer. An image with a side of no more than that is not continued.

    Attributes:
        preprocessing: the `fast_style.losses.preprocessing.Preprocessing` that is done.

    Raises:
        ValueError: an unsupported layer, architecture, pooling or border, a file of other weights,
            or a failed download.
        FileNotFoundError: the file of `weights` is missing.
    """

    def __init__(
        self,
        layers,
        architecture="vgg16",
        weights="imagenet",
        pooling="max",
        border=0,
        **kwargs,
    ):
        # Preprocessing stays float32, even if the policy lets the layers compute in half precision.
        super().__init__(**{"dtype": keras.config.floatx(), **kwargs})
        check_choice("architecture", architecture, ARCHITECTURES)
        check_choice("pooling", pooling, POOLINGS)
        self.architecture = architecture
        self.pooling = pooling
        vgg, self.preprocessing = _load_vgg(architecture, weights)
        names = [layer.name for layer in vgg.layers if "_conv" in layer.name]
        unknown = [name for name in layers if name not in names]
        if unknown or not layers:
            raise InvalidValue(
                f"`layers` must name layers of {architecture}: {', '.join(names)}; "
                f"received {', '.join(unknown) or 'none'}"
            )
        self.layer_names = tuple(name for name in names if name in layers)
        check_border("border", border, layers)
        self.border = border
        self.stack = []
        for layer in vgg.layers[1:]:
            if "_pool" in layer.name and pooling == "average":
                layer = keras.layers.AveragePooling2D(2, strides=2, name=layer.name)
            self.stack.append(layer)
            if layer.name == self.layer_names[-1]:
                break
        self.built = True
        self.trainable = False

    def call(self, images, layers=None):
        wanted = self.layer_names if layers is None else tuple(layers)
        missing = [name for name in wanted if name not in self.layer_names]
        if missing:
            raise InvalidValue(
                f"`layers` must be among {', '.join(self.layer_names)}; "
                f"received {', '.join(missing)}"
            )
        features = {}
        border = self.border
        # Their size is known when this is traced: crops, paintings and photographs have one.
        if border and min(images.shape[1:3]) <= border:
            border = 0
        if border:
            sides = (border, border)
            images = ops.pad(images, [(0, 0), sides, sides, (0, 0)], mode="reflect")
        x = self.preprocessing(images)
        for layer in self.stack:
            if len(features) == len(wanted):
                break
            x = layer(x)
            if layer.name in wanted:
                cut = border // smallest_side([layer.name])
                features[layer.name] = x[:, cut:-cut, cut:-cut] if cut else x
        return features


def smallest_side(layers):
    """The shortest side of an image, in pixels, that leaves features at every one of `layers`."""
    # Each block but the first follows a pooling. `LossNetwork` refuses unknown names.
    block = max(
        [1, *(int(match[1]) for match in map(re.compile(r"block([1-5])_").match, layers) if match)]
    )
    return 2 ** (block - 1)


def check_size(name, size, layers):
    """Raises `ValueError` if an image of `size` pixels has no features left at one of `layers`."""
    smallest = smallest_side(layers)
    if size < smallest:
        raise InvalidValue(
            f"`{name}` must be at least {smallest} for the features of "
            f"block{smallest.bit_length()}; received {size}"
        )


def check_border(name, border, layers):
    """Raises `ValueError` unless `LossNetwork` of these layers takes such a border."""
    stride = smallest_side(layers)
    if border < 0 or border % stride:
        raise InvalidValue(
            f"`{name}` must be 0 or a multiple of {stride}, the stride of "
            f"block{stride.bit_length()}; received {border}"
        )


def _load_vgg(architecture, weights):
    """The `keras.applications` model without top, and the preprocessing that its weights take."""
    make = {"vgg16": keras.applications.VGG16, "vgg19": keras.applications.VGG19}[architecture]
    if weights == "imagenet":
        try:
            return make(include_top=False, weights=weights), CAFFE
        except Exception as error:  # Keras, h5py and urllib raise many classes here
            raise InvalidValue(
                f"the ImageNet weights of {architecture} could not be downloaded "
                f"({first_line(error)}); give the path of a file as `weights` (flag --vgg_weights)"
            ) from error
    if weights is None:
        return make(include_top=False, weights=None), CAFFE
    found = vgg_weights.read(weights, architecture)  # first: a mistake is said at once
    vgg = make(include_top=False, weights=None)
    for name, values in found.layers.items():
        vgg.get_layer(name).set_weights(values)
    return vgg, found.preprocessing
