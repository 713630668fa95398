"""Requests of mixed sizes and formats, some damaged, sent to the serving signature by threads.

    python -m benchmarks.serving_requests SAVEDMODEL CHECKPOINT

SAVEDMODEL is a version that `fast_style.export` wrote, CHECKPOINT the network it was made of. Each
answer is compared with what eval.py's code paints; each damaged request must be refused, in words.
Memory is read before, at half and at the end.
"""

import concurrent.futures
import io
import time

import numpy as np
from absl import app, flags
from PIL import Image

flags.DEFINE_integer("requests", 200, "Requests in all.")
flags.DEFINE_integer("threads", 8, "Threads that send them.")
flags.DEFINE_float("damaged", 0.1, "Part of them that is damaged.")
flags.DEFINE_integer("largest", 160, "Longest side of an image, pixels.")
flags.DEFINE_integer("seed", 0, "Seed of sizes, formats and damage.")

FORMATS = ("JPEG", "PNG", "WEBP", "grey JPEG", "PNG with alpha", "WEBP with alpha")
DAMAGES = ("cut", "empty", "text", "another format", "too large")


def _picture(rng, format, largest):
    height, width = rng.integers(1, largest + 1, 2)
    coarse = rng.integers(0, 256, (8, 8, 4), np.uint8)
    image = Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC)
    if "alpha" not in format:
        image = image.convert("L" if "grey" in format else "RGB")
    return _encode(image, format.split()[1 if "grey" in format else 0])


def _encode(image, format):
    stream = io.BytesIO()
    image.save(stream, format)
    return stream.getvalue()


def _damage(rng, data, kind):
    if kind == "cut":
        return data[: len(data) // 2]
    if kind == "another format":
        return _encode(Image.fromarray(np.zeros((4, 4), np.uint8)), "GIF")
    if kind == "too large":
        png = _encode(Image.fromarray(np.zeros((4, 4), np.uint8)), "PNG")
        return png[:16] + b"\x00\x00\xff\xff" * 2 + png[24:]
    return {"empty": b"", "text": b"no image"}[kind]


def _make_requests():
    """List of (list of encoded images, the damage of the request or None)."""
    values = flags.FLAGS
    rng = np.random.default_rng(values.seed)
    damaged = set(rng.permutation(values.requests)[: round(values.damaged * values.requests)])
    requests = []
    for number in range(values.requests):
        images = [
            _picture(rng, FORMATS[rng.integers(len(FORMATS))], values.largest)
            for _ in range(rng.integers(1, 4))
        ]
        damage = DAMAGES[number % len(DAMAGES)] if number in damaged else None
        if damage:  # one image of several
            images[-1] = _damage(rng, images[-1], damage)
        requests.append((images, damage))
    return requests


def _largest_difference(stylizer, data, answer):
    """Of 255, between an answer and what eval.py's code makes of an image."""
    from fast_style import images

    picture, painted = images.decode(data), images.decode(answer)
    expected = stylizer(picture.rgb)
    if data[:2] == b"\xff\xd8":
        stream = io.BytesIO()
        Image.fromarray(expected).save(stream, "JPEG", quality=95, subsampling=0)
        expected = images.decode(stream.getvalue()).rgb
    if painted.rgb.shape != expected.shape or (picture.alpha is None) != (painted.alpha is None):
        return 255
    return int(np.abs(painted.rgb.astype(int) - expected).max())


def main(argv):
    if len(argv) != 3:
        raise app.UsageError("SAVEDMODEL and CHECKPOINT are expected")
    import tensorflow as tf

    from benchmarks import machine
    from fast_style.machine import resources
    from fast_style.painting.stylizer import Stylizer

    model = tf.saved_model.load(argv[1])
    signature = model.signatures["serving_default"]
    requests = _make_requests()

    def send(request):
        images, _ = request
        try:
            return signature(image_bytes=tf.constant(images))["stylized_bytes"].numpy()
        except tf.errors.InvalidArgumentError as error:
            return error

    send(requests[0])
    held = [resources.resident_memory() / 2**20]
    started = time.perf_counter()
    answers = []
    with concurrent.futures.ThreadPoolExecutor(flags.FLAGS.threads) as pool:
        half = len(requests) // 2
        for part in (requests[:half], requests[half:]):
            answers += pool.map(send, part)
            held.append(resources.resident_memory() / 2**20)
    seconds = time.perf_counter() - started

    stylizer = Stylizer.load(argv[2])
    differences, refused, wrong = [], [], 0
    for (images, damage), answer in zip(requests, answers, strict=True):
        if isinstance(answer, Exception) != bool(damage):
            wrong += 1
        elif damage:
            refused.append((damage, _reason(answer)))
        else:
            differences += map(_largest_difference, [stylizer] * len(images), images, answer)
    print(machine.describe())
    machine.table(
        ("requests", "images answered", "largest difference", "refused", "wrong", "requests/s"),
        [
            (
                len(requests),
                len(differences),
                f"{max(differences)} of 255",
                len(refused),
                wrong,
                f"{len(requests) / seconds:.1f}",
            )
        ],
    )
    machine.table(("refused", "reason"), sorted(set(refused)))
    print("memory, MiB, before, at half, at the end:", *(f"{value:,.0f}" for value in held))


def _reason(error):
    """The line of a TensorFlow error that a client is told."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return next(line for line in lines if not line.startswith(("Graph", "Detected", "<stack")))


if __name__ == "__main__":
    app.run(main)
