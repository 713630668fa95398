"""The networks that a server has, by the names that requests use."""

import os
import re
from dataclasses import dataclass, field

from fast_style.checkpoints import styles, tensor_bundle
from fast_style.checkpoints.metadata import read_metadata, task_of
from fast_style.errors import one_line
from fast_style.networks.architecture import STYLE
from fast_style.painting import runtimes
from fast_style.web.limits import Refusal

_OF_A_RUN = re.compile(r"ckpt-(done|\d+)")
_UNTELLING = ("checkpoints", "pretrained", "")  # names of folders that say nothing of a network


@dataclass
class Network:
    """One network of a server.

    Attributes:
        name: str, by which requests name it.
        prefix: str, its checkpoint's.
        task: "style" or "super_resolution".
        styles: list of str, names of its styles; one for a network of one painting, none for one
            that enlarges.
        factor: int, how many times as large its results are.
        loaded: architecture, arrays and metadata for OpenVINO; None for TensorFlow.
    """

    name: str
    prefix: str
    task: str
    styles: list = field(default_factory=list)
    factor: int = 1
    loaded: tuple | None = None


class Networks:
    """All networks of a server.

    Args:
        runtime: one of `fast_style.painting.runtimes.RUNTIMES`, for those that paint.
    """

    def __init__(self, runtime="auto"):
        self._runtime = runtime
        self.all = []
        """list of `Network`."""

    def add(self, prefix):
        """Adds the network of a checkpoint.

        Raises:
            FileNotFoundError: there is no checkpoint at `prefix`.
            CheckpointError: it is damaged.
            ValueError: the runtime is not installed.
        """
        prefix = os.fspath(prefix)
        described = read_metadata(prefix)
        task = task_of(described)
        if task == STYLE:
            loaded = None
            if runtimes.choose(self._runtime) == "openvino":
                runtimes.openvino()  # now, not while the first picture waits
                loaded = tensor_bundle.load(prefix)
            names = styles.style_names(described)
            count = described["network"].get("styles", 1)
            if count == 1:
                names = names[:1] or [os.path.basename(prefix)]
            else:
                styles.check_names(names, count, prefix)
            network = Network(self._name(prefix), prefix, task, names, loaded=loaded)
        else:
            factor = described["network"].get("factor", 4)
            network = Network(self._name(prefix), prefix, task, factor=factor)
        self.all.append(network)

    def _name(self, prefix):
        folder, base = os.path.split(os.path.abspath(prefix))
        if _OF_A_RUN.fullmatch(base) and os.path.basename(folder) not in _UNTELLING:
            base = os.path.basename(folder)
        name = base
        taken = {network.name for network in self.all}
        number = 1
        while name in taken:
            number += 1
            name = f"{base}-{number}"
        return name

    def find(self, task, name=None):
        """The `Network` of a name; the first of the task without one.

        Raises:
            Refusal: 404, there is none.
        """
        fitting = [network for network in self.all if network.task == task]
        for network in fitting:
            if name in (None, network.name):
                return network
        there = ", ".join(network.name for network in fitting) or "none"
        raise Refusal(404, f"No network {name or 'of this kind'}; there are: {there}.")

    def check_style(self, network, style):
        """Checks that a network has the styles of a text (`styles.parse_mixture`), or None.

        Returns:
            The text, None where a network of one style needs none.

        Raises:
            Refusal: 404, an unknown style; 400, none of several, or weights that are none.
        """
        if style is None and len(network.styles) > 1:
            raise Refusal(400, f"style must name one of {', '.join(network.styles)}.")
        names = [part.partition(":")[0].strip() for part in (style or "").split(",")]
        for name in names if style is not None else ():
            if name not in network.styles:
                raise Refusal(
                    404, f"No style {name[:60]!r}; there are {', '.join(network.styles)}."
                )
        if style is not None:
            try:
                styles.parse_mixture(style, network.styles)
            except ValueError as error:
                raise Refusal(400, one_line(error)) from None
        return style if len(network.styles) > 1 else None
