"""Tiny films for tests, and what lies in a film."""

import struct
from fractions import Fraction

import av
import numpy as np
from PIL import Image

from fast_style import images

HEIGHT, WIDTH = 48, 64
MATRICES = {  # number of H.273: weights of red and blue in luma
    1: (0.2126, 0.0722),
    5: (0.299, 0.114),
    6: (0.299, 0.114),
    7: (0.212, 0.087),
    9: (0.2627, 0.0593),
}


def bars(height=HEIGHT, width=WIDTH):
    """The eight colour bars, at 75 %, uint8 [height, width, 3]."""
    colors = [(r, g, b) for g in (191, 0) for r in (191, 0) for b in (191, 0)]
    wide = np.repeat(np.uint8(colors), -(-width // 8), axis=0)[:width]
    return np.ascontiguousarray(np.broadcast_to(wide, (height, width, 3)))


def moving(count, height=HEIGHT, width=WIDTH):
    """Frames of a smooth scene that moves to the right, a list of uint8 [height, width, 3]."""
    y, x = np.mgrid[0:height, 0 : width + 4 * count]
    scene = np.stack([127 + 90 * np.sin(x / 5 + k) * np.cos(y / 7 - k) for k in range(3)], axis=-1)
    scene = scene.astype(np.uint8)
    return [np.ascontiguousarray(scene[:, 4 * n : 4 * n + width]) for n in range(count)]


def write(
    path,
    frames,
    pts=None,
    time_base=Fraction(1, 25),
    codec="libx264",
    format="yuv420p",
    sound=None,
    container=None,
    container_options=None,
    metadata=None,
    language=None,
    aspect=None,
    **context,
):
    """Writes a film.

    Args:
        frames: list of uint8 RGB arrays, or of `av.VideoFrame`.
        pts: list of ints, times in units of time_base; None: one after the other.
        sound: codec of a tone that lasts as long as the film, or None.
        context: attributes of the encoder, such as colorspace, and its options (a dict).
    """
    first = frames[0]
    height, width = (
        first.shape[:2] if isinstance(first, np.ndarray) else (first.height, first.width)
    )
    pts = list(range(len(frames))) if pts is None else pts
    with av.open(str(path), "w", format=container, options=container_options or {}) as film:
        film.metadata.update(metadata or {})
        stream = film.add_stream(codec, rate=25, options=context.pop("options", {}))
        stream.height, stream.width, stream.pix_fmt = height, width, format
        stream.codec_context.time_base = time_base
        if aspect:
            stream.codec_context.sample_aspect_ratio = aspect
        for name, value in context.items():
            setattr(stream.codec_context, name, value)
        if sound:
            audio = film.add_stream(sound, rate=48000)
            audio.codec_context.layout = "mono"
            if language:
                audio.metadata["language"] = language
            film.start_encoding()
            _tone(film, audio, float((pts[-1] + pts[-1] - pts[-2]) * time_base))
        for time, pixels in zip(pts, frames, strict=True):
            frame = pixels
            if isinstance(pixels, np.ndarray):
                frame = av.VideoFrame.from_ndarray(pixels, "rgb24")
            frame.pts, frame.time_base = time, time_base
            film.mux(stream.encode(frame))
        film.mux(stream.encode())
    return path


def _tone(film, stream, seconds):
    context = stream.codec_context
    size = context.frame_size or 1024
    format = context.format.name
    for number in range(int(seconds * 48000 / size)):
        wave = 8000 * np.sin(2 * np.pi * 440 * (np.arange(size) + number * size) / 48000)
        frame = av.AudioFrame.from_ndarray(wave.astype(np.int16)[None], "s16", "mono")
        frame.sample_rate, frame.pts = 48000, number * size
        frame.time_base = Fraction(1, 48000)
        for converted in av.AudioResampler(format, "mono", 48000).resample(frame):
            converted.pts, converted.time_base = number * size, Fraction(1, 48000)
            film.mux(stream.encode(converted))
    film.mux(stream.encode())


def frame_times(path):
    """[(time, duration)] of the frames of a film, seconds as Fractions."""
    with av.open(str(path)) as film:
        return [
            (frame.pts * frame.time_base, frame.duration * frame.time_base)
            for frame in film.decode(video=0)
        ]


def pictures(path):
    """Frames of a film as FFmpeg shows them by its labels, a list of uint8 RGB arrays."""
    with av.open(str(path)) as film:
        return [frame.to_ndarray(format="rgb24") for frame in film.decode(video=0)]


def sound_packets(path, kind="audio"):
    """[(time, bytes)] of the packets of sound."""
    with av.open(str(path)) as film:
        streams = [stream for stream in film.streams if stream.type == kind]
        if not streams:
            return []
        return [
            (packet.pts * packet.time_base, bytes(packet))
            for packet in film.demux(streams)
            if packet.pts is not None
        ]


def video_packets(path):
    """[(place in the file, size)] of the packets of pictures."""
    with av.open(str(path)) as film:
        return [(packet.pos, packet.size) for packet in film.demux(video=0) if packet.size]


def turn(path, matrix):
    """Gives an MP4 file a display matrix: four ints of -1, 0, 1, as its tkhd box has them."""
    data = bytearray(path.read_bytes())
    place = data.find(b"tkhd") + 44
    a, b, c, d = (value << 16 for value in matrix)
    data[place : place + 36] = struct.pack(">9i", a, b, 0, c, d, 0, 0, 0, 1 << 30)
    path.write_bytes(data)
    return path


def frames(path):
    """The `av.VideoFrame`s of a film, a list."""
    with av.open(str(path)) as film:
        return list(film.decode(video=0))


def encrypt(path, frames):
    """Writes an encrypted MP4 film."""
    keys = {"encryption_key": "0" * 32, "encryption_kid": "1" * 32}
    options = {"encryption_scheme": "cenc-aes-ctr"} | keys
    return write(path, frames, container_options=options)


def to_yuv(rgb, matrix, full):
    """BT.601 and its likes, by their equations: float [height, width, 3]."""
    kr, kb = MATRICES[matrix]
    red, green, blue = np.moveaxis(rgb / 255, -1, 0)
    luma = kr * red + (1 - kr - kb) * green + kb * blue
    chroma = ((blue - luma) / (2 - 2 * kb), (red - luma) / (2 - 2 * kr))
    scale, offset, wide = (255, 0, 255) if full else (219, 16, 224)
    return np.stack([luma * scale + offset, *(c * wide + 128 for c in chroma)], axis=-1)


def frame_of(yuv, format):
    """`av.VideoFrame` of float YUV [height, width, 3] (8 bits)."""
    depth = 10 if "10" in format else 8
    frame = av.VideoFrame(yuv.shape[1], yuv.shape[0], format)
    values = np.rint(yuv * 2 ** (depth - 8)).clip(0, 2**depth - 1)
    for number, plane in enumerate(frame.planes):
        down = -(-yuv.shape[0] // plane.height), -(-yuv.shape[1] // plane.width)
        part = values[:: down[0], :: down[1], number].astype("<u2" if depth == 10 else "u1")
        rows = np.zeros((plane.height, plane.line_size), np.uint8)
        line = part.tobytes()
        rows[:, : part.shape[1] * part.itemsize] = np.frombuffer(line, np.uint8).reshape(
            plane.height, -1
        )
        plane.update(rows)
    return frame


def planes(path):
    """The planes of the first frame as they are stored, a list of float arrays in 8-bit steps."""
    frame = frames(path)[0]
    depth = frame.format.components[0].bits
    found = []
    for plane in frame.planes:
        rows = np.frombuffer(plane, np.uint8).reshape(-1, plane.line_size)
        samples = np.ascontiguousarray(rows).view("u1" if depth == 8 else "<u2")
        width = plane.width * (4 if frame.format.name == "bgr0" else 1)
        found.append(samples[: plane.height, :width] / 2 ** (depth - 8))
    return found


def write_animation(path, frames=None, **options):
    """An animation of four frames that last 100, 50, 200 and 300 ms, by Pillow."""
    frames = moving(4) if frames is None else frames
    first, *rest = [Image.fromarray(frame) for frame in frames]
    options = {"duration": [100, 50, 200, 300], "loop": 0} | options
    first.save(path, save_all=True, append_images=rest, **options)
    return path


def scene(height=96, width=128, seed=0):
    """A picture with detail at all sizes."""
    rng = np.random.default_rng(seed)
    layers = [
        images.resize(rng.integers(0, 256, (side, side, 3), np.uint8), height, width)
        for side in (6, 12, 24)
    ]
    return np.mean(layers, axis=0).astype(np.uint8)


def shifted(right, down):
    """Two views of one scene: what is in the first lies further right and down in the second."""
    large = scene(160, 192)
    return large[32:128, 32:160], large[32 - down : 128 - down, 32 - right : 160 - right]
