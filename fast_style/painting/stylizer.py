"""Stylizing or enlarging images with a trained network: one forward pass."""

import contextlib

import numpy as np

from fast_style.errors import InvalidValue, OutOfMemory
from fast_style.images import check_rgb
from fast_style.painting import bands, memory, runtimes, tiles


class Stylizer:
    """Paints, or enlarges, uint8 images of any size with one network; threads may share it.

    An image that would take too much memory as a whole goes through a `TransformNet` in bands, with
    the same result (`fast_style.painting.bands`), and through a network that enlarges in tiles
    (`fast_style.painting.tiles`). Where the whole was tried and found too little memory, so do
    bands and tiles. A network of several styles at once, or that enlarges with instance
    normalization, takes every image as a whole.

    Args:
        network: a `TransformNet` or `SuperResolutionNet`, which TensorFlow runs, or a runtime as
            `fast_style.painting.runtimes.load` returns it.
        jit_compile: bool, whether XLA compiles the network, for each size anew.
        metadata: dict from the network's JSON, kept as `metadata`.
        tile: height of the bands in pixels; 0: no bands; None: bands if the whole would not fit in
            memory.
        max_memory: bytes that the process may hold, for `tile=None` (an estimate, no guarantee),
            or on a GPU the bytes that passes may take there; None: part of what the GPU, or the
            machine or the control group, has available.

    Raises:
        ValueError: `tile` is smaller than the network's receptive field allows, or is given for
            super-resolution, or with `jit_compile`.
    """

    def __init__(self, network, jit_compile=False, metadata=None, tile=None, max_memory=None):
        _check_not_compiled(tile, jit_compile)
        if not hasattr(network, "paint"):
            from fast_style.painting.tensorflow_runtime import TensorFlowRuntime

            network = TensorFlowRuntime(network, jit_compile)
        self.runtime = network
        self.metadata = metadata or {}
        if tile and network.architecture is None:
            raise InvalidValue(f"`tile` must be left out for super-resolution; received {tile}")
        if tile:
            bands.check_rows(network.architecture, tile)
        self.tile = tile
        self.max_memory = max_memory

    @classmethod
    def load(
        cls,
        prefix,
        jit_compile=False,
        runtime="auto",
        tile=None,
        max_memory=None,
        task=None,
        style=None,
        precision="auto",
        calibration=None,
    ):
        """A `Stylizer` for the checkpoint at `prefix`, such as "checkpoints/ckpt-done".

        Args:
            prefix: checkpoint prefix.
            jit_compile: bool, whether XLA compiles the network, for each size anew.
            runtime: "openvino", "tensorflow", or "auto", the faster one of those installed
                (`fast_style.painting.runtimes.choose`).
            tile, max_memory: as in the constructor.
            task: what the network must have been trained for, "style" or "super_resolution", or
                None for any.
            style: of a network of several styles the one to paint, such as "wave", or a mixture,
                such as "starry_night:2,wave:1"; None for a network of one.
            precision: "float32", "bfloat16", "int8", or "auto"
                (`fast_style.painting.precisions.choose`).
            calibration: for int8 a folder of photographs like those to be painted; None: those that
                come with the program (`fast_style.painting.quantization`).

        Raises:
            ValueError: an unknown runtime or precision, or one that is not installed or not for
                this network; `tile` or `max_memory` as in the constructor; `style` missing,
                unknown, or given for a network of one style; `calibration` without int8, or without
                images.
            FileNotFoundError: there is no checkpoint at `prefix`.
            fast_style.checkpoints.metadata.CheckpointError: it is damaged, or of another task.
        """
        _check_not_compiled(tile, jit_compile)
        loaded, metadata = runtimes.load(
            prefix, runtime, jit_compile, task, style, precision, calibration
        )
        return cls(loaded, metadata=metadata, tile=tile, max_memory=max_memory)

    @property
    def factor(self):
        """How many times as large the output is: 1 unless the network is for super-resolution."""
        return self.runtime.factor

    def prepare(self):
        """Traces or compiles the network, which the first call does otherwise.

        With `jit_compile` the first image of each size is still compiled when it comes.
        """
        self.runtime.prepare()

    def in_styles(self, image, numbers):
        """Paints an image in some of the styles of a network.

        For a stylizer that was made of a network; `load` chooses a style once for all.

        Args:
            image: uint8 RGB `[H, W, 3]`.
            numbers: of the styles, ints from 0.

        Returns:
            list of uint8 RGB `[H, W, 3]`.
        """
        pictures = []
        for number in numbers:
            self.runtime.choose_style(number)
            pictures.append(self(image))
        return pictures

    def __call__(self, images):
        """Stylizes one image or a batch.

        Args:
            images: uint8 RGB `[H, W, 3]` or `[N, H, W, 3]`.

        Returns:
            uint8 RGB of the same shape, `factor` times as high and wide.

        Raises:
            ValueError: another dtype or shape, or a `max_memory` too small for the image.
            OutOfMemory: too little memory is available for the image.
            OSError: the disk is too small for the features of bands
                (`fast_style.painting.feature_buffers`).
        """
        images = check_rgb(images, "images", batch=True)
        if images.ndim == 3:
            return self._paint(images)
        if self.tile is None and not self._plan(images).rows:
            with contextlib.suppress(MemoryError):
                return self.runtime.paint(images)
        return np.stack([self._paint(image) for image in images])

    def _paint(self, image):
        plan = self._plan(image)
        while True:  # the next try is outside of the handler, whose error holds arrays
            try:
                return self._by(plan, image)
            except MemoryError as error:
                plan = memory.smaller(self.runtime, plan)
                if self.tile is not None or plan is None:
                    height, width = image.shape[:2]
                    raise OutOfMemory(
                        f"out of memory for an image of {width} x {height} pixels"
                        + (": --tile=auto needs less" if self.tile == 0 else "")
                    ) from error

    def _by(self, plan, image):
        """The image by one `Plan`."""
        if plan.rows == 0:
            return self.runtime.paint(image[None])[0]
        if self.runtime.architecture is None:
            return tiles.enlarge(self.runtime, image, plan.rows)
        self.runtime.release()
        return bands.paint(self.runtime, image, plan.rows, plan.in_memory)

    def _plan(self, images):
        shape = images.shape
        if images.ndim == 4:  # a batch takes as much memory as one image as high as all of it
            shape = (shape[0] * shape[1], *shape[2:])
        return memory.plan(self.runtime, shape, self.max_memory, self.tile)


def _check_not_compiled(tile, jit_compile):
    if tile and jit_compile:
        raise InvalidValue(f"`tile` must be left out with `jit_compile`; received {tile}")
