"""Painting films, animations and folders of frames."""

from fast_style.lazy import attach

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "EncodeOptions": "fast_style.video.encoding",
        "Frame": "fast_style.video.frames",
        "open_reader": "fast_style.video.formats",
        "open_writer": "fast_style.video.formats",
        "paint_film": "fast_style.video.pipeline",
    },
)
