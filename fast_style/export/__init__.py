"""A trained network in the formats of other programs."""

from fast_style.lazy import attach

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "FORMATS": "fast_style.export.exporting",
        "export": "fast_style.export.exporting",
    },
)
