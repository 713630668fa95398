"""Painting by optimizing pixels: Gatys et al. 2015, *A Neural Algorithm of Artistic Style*.

painted = gatys.stylize(content, style, image_size=256, steps=100)
"""

from fast_style.lazy import attach

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "Diverged": "gatys.objective",
        "Progress": "gatys.painting",
        "Settings": "gatys.settings",
        "reconstruct_content": "gatys.reconstruction",
        "reconstruct_style": "gatys.reconstruction",
        "stylize": "gatys.painting",
    },
)
