"""What the tasks whose networks paint in styles share."""

import tensorflow as tf

from data.crops import draw_styles
from fast_style.networks.transform_net import TransformNet
from fast_style.training.task import Task


class PaintingTask(Task):
    """The base class of tasks that train a `TransformNet`; they add `styles`, an int."""

    network_class = TransformNet
    styles = 1

    def network_options(self):
        styles = {"styles": self.styles} if self.styles > 1 else {}
        return {**self.settings.network, **styles}

    def draw_styles(self, places):
        """The styles of crops at some places in the order of the photographs, int32 tensors."""
        options = (self.styles, self.settings.seed)
        drawn = tf.numpy_function(lambda places: draw_styles(places, *options), [places], tf.int32)
        return tf.ensure_shape(drawn, places.shape)

    def paint(self, network, inputs):
        content, mixtures = inputs
        return network(content, training=True, styles=mixtures)

    def _mixtures(self, styles, count):
        """How much of each of the network's styles `count` crops get; None if it has one."""
        return None if styles is None else tf.one_hot(styles, self.styles)
