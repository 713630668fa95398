"""What a VGG's first convolution takes: images as those who trained it prepared them."""

import dataclasses

from keras import ops


@dataclasses.dataclass(frozen=True)
class Preprocessing:
    """Order of colours, mean and scale.

    It stays beside the weights and is not folded into the first convolution: the zeros that the
    convolution pads with are added after it, and would be another colour than before.

    Attributes:
        name: str, for people.
        order: "rgb" or "bgr".
        mean: what is subtracted, three numbers in that order, 0..255.
        scale: what the difference is divided by, three numbers in that order.
    """

    name: str
    order: str
    mean: tuple[float, float, float]
    scale: tuple[float, float, float] = (1.0, 1.0, 1.0)

    def __call__(self, images):
        """Prepares float RGB images `[N, H, W, 3]`, 0..255; returns the same shape and dtype."""
        if self.order == "bgr":
            images = images[..., ::-1]
        images = images - ops.cast(self.mean, images.dtype)
        if set(self.scale) == {1.0}:
            return images
        return images / ops.cast(self.scale, images.dtype)


# `keras.applications.vgg16.preprocess_input`, as the network's authors did in Caffe.
CAFFE = Preprocessing("BGR 0..255 minus the ImageNet mean", "bgr", (103.939, 116.779, 123.68))
# torchvision's IMAGENET1K_FEATURES, ported from Caffe.
CAFFE_RGB = Preprocessing("RGB 0..255 minus the ImageNet mean", "rgb", (123.0, 117.0, 104.0))
# torchvision's IMAGENET1K_V1, there written for 0..1.
TORCHVISION = Preprocessing(
    "RGB minus the ImageNet mean, divided by its standard deviation (torchvision)",
    "rgb",
    (255 * 0.485, 255 * 0.456, 255 * 0.406),
    (255 * 0.229, 255 * 0.224, 255 * 0.225),
)
