"""A page to paint with, and the HTTP interface behind it, for one house."""

from fast_style.lazy import attach

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "Limits": "fast_style.web.limits",
        "Networks": "fast_style.web.networks",
        "Painter": "fast_style.web.painter",
        "export_site": "fast_style.web.site",
        "make_app": "fast_style.web.application",
        "make_server": "fast_style.web.server",
    },
)
