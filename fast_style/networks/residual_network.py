"""The base class of the image transformation networks (Johnson et al. 2016, section 3.1)."""

import keras

from fast_style.errors import InvalidValue, check_integer
from fast_style.networks.architecture import MAX_RESIDUAL_BLOCKS, MAX_WIDTH
from fast_style.networks.layers import ResidualBlock


class ResidualNetwork(keras.Model):
    """Blocks in a row, with residual blocks in the middle, from RGB to RGB.

    A subclass names its arguments in `OPTIONS`, stores each in an attribute of that name, makes its
    blocks as attributes, and returns those around the residual blocks from `head` and `tail`.

    Args:
        width: int, channels of the first convolution.
        residual_blocks: int, number of residual blocks.

    Raises:
        ValueError: `width` or `residual_blocks` is not an integer or out of range.
    """

    OPTIONS = ()
    # Options added later, and the values that metadata without them stands for.
    LATER_OPTIONS = {}
    task = ""
    """What the network is trained for, as named in its checkpoint's metadata."""

    def __init__(self, width, residual_blocks, **kwargs):
        # The picture stays float32, even if the policy lets the blocks compute in half precision.
        super().__init__(**{"dtype": keras.config.floatx(), **kwargs})
        check_integer("width", width, 1, MAX_WIDTH)
        check_integer("residual_blocks", residual_blocks, 0, MAX_RESIDUAL_BLOCKS)
        self.width = width
        self.residual_blocks = residual_blocks

    @property
    def head(self):
        """The blocks before the residual blocks, in order."""
        raise NotImplementedError

    @property
    def tail(self):
        """The blocks after the residual blocks, in order."""
        raise NotImplementedError

    @property
    def blocks(self):
        """The blocks in the order in which an image passes through them."""
        body = [getattr(self, f"residual{i + 1}") for i in range(self.residual_blocks)]
        return [*self.head, *body, *self.tail]

    def build(self, input_shape=(None, None, None, 3)):
        if input_shape[-1] != 3:
            raise InvalidValue(f"`images` must have 3 channels (RGB); received {input_shape[-1]}")
        channels = 3
        for block in self.blocks:
            block.build((None, None, None, channels))
            channels = block.filters

    def get_config(self):
        # Keras has an attribute `output` of its own: a subclass with that option adds it.
        options = {name: getattr(self, name) for name in self.OPTIONS if name != "output"}
        return {**super().get_config(), **options}

    def _make_body(self, filters, **options):
        # An attribute each: tf.train.Checkpoint does not look into Keras's lists.
        for i in range(self.residual_blocks):
            name = f"residual{i + 1}"
            setattr(self, name, ResidualBlock(filters, **options, name=name))

    def _through_blocks(self, x, training):
        for block in self.blocks:
            x = block(x, training=training)
        return x
