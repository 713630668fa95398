"""What this machine could do at most: the rate of one matrix product in each precision.

    python -m benchmarks.physical_limit

`benchmarks.runtimes` divides the network's multiplications by it.
"""

import time

import numpy as np
from absl import app

from benchmarks import machine
from fast_style.networks.architecture import STRIDE

SIDE = 1024
_ROUNDS = 20


def multiplications(architecture, height, width):
    """Of the network for one image, each pixel of nearest neighbour multiplied once (int)."""
    count = 0
    for name, convolution in architecture.convolutions.items():
        taps = convolution.kernel_size**2
        if name in ("up1", "up2"):
            taps = 4 if architecture.upsampling == "nearest" else taps / 4
        pixels = height * width * convolution.scale**2 / STRIDE**2
        count += taps * convolution.inputs * convolution.outputs * pixels
    return int(count)


def _model(precision):
    """A product of two matrices; of int8, with the quantization that OpenVINO looks for."""
    import openvino as ov
    from openvino import opset13 as ops

    given = ops.parameter([SIDE, SIDE], np.float32)
    left, right = given, ops.constant(np.ones((SIDE, SIDE), np.float32))
    if precision == "int8":
        low, high, lowest = (np.float32(value) for value in (0, 2.55, -1.28))
        left = ops.fake_quantize(left, low, high, low, high, 256)
        right = ops.fake_quantize(right, lowest, np.float32(1.27), lowest, np.float32(1.27), 256)
    return ov.Model([ops.matmul(left, right, False, False)], [given], "product")


def rate(precision):
    """Multiplications in a second of "float32", "bfloat16" or "int8" (float): the fastest run."""
    from fast_style.painting import openvino_devices

    request = openvino_devices.compile_model(_model(precision), precision).create_infer_request()
    given, times = np.ones((SIDE, SIDE), np.float32), []
    for _ in range(_ROUNDS):
        started = time.perf_counter()
        request.infer([given], share_inputs=True, share_outputs=True)
        times.append(time.perf_counter() - started)
    return SIDE**3 / min(times)


def main(argv):
    if len(argv) > 1:
        raise app.UsageError("no arguments are expected")
    print(machine.processor())
    rows = [(p, f"{rate(p) / 1e9:,.0f}") for p in ("float32", "bfloat16", "int8")]
    machine.table(("precision", "10^9 multiplications/s"), rows)


if __name__ == "__main__":
    app.run(main)
