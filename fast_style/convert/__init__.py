"""Networks that were trained elsewhere, as checkpoints of this project."""

from fast_style.lazy import attach

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "ConversionError": "fast_style.convert.conversion",
        "convert": "fast_style.convert.conversion",
    },
)
