"""Scores of super-resolution: PSNR and SSIM."""

from fast_style.lazy import attach

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "Score": "fast_style.score.scoring",
        "bicubic": "fast_style.score.scoring",
        "compare": "fast_style.score.scoring",
        "luma": "fast_style.score.scoring",
        "mean": "fast_style.score.scoring",
        "reduce": "fast_style.score.scoring",
        "score": "fast_style.score.scoring",
    },
)
