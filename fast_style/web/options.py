"""What may be asked of a painting over HTTP: one table for the parser and the description."""

import dataclasses
import math
from dataclasses import dataclass

from fast_style.errors import one_line
from fast_style.painting.paint_options import SMALLEST_IMAGE, STYLE_SCALES, PaintOptions
from fast_style.web.limits import Refusal

FORMATS = {
    "jpg": ("JPEG", "image/jpeg"),
    "png": ("PNG", "image/png"),
    "webp": ("WEBP", "image/webp"),
}
"""Formats of answers: Pillow's name and the media type."""

_DEFAULT = PaintOptions()


@dataclass(frozen=True)
class Option:
    """One option: its name, its schema in OpenAPI's terms, its default, what it does."""

    name: str
    schema: dict
    default: object
    text: str


_ANSWER = (
    Option("format", {"type": "string", "enum": list(FORMATS)}, "jpg", "Format of the answer."),
    Option(
        "keep_position",
        {"type": "boolean"},
        False,
        "Leave in the metadata where the photograph was taken (GPS).",
    ),
)
PAINT = (
    Option("network", {"type": "string"}, None, "Which network paints; the first by default."),
    Option(
        "style",
        {"type": "string"},
        None,
        "Which style of a network of several: a name, or a mixture such as starry_night:2,wave:1.",
    ),
    Option(
        "strength",
        {"type": "number", "minimum": 0, "maximum": 1},
        _DEFAULT.strength,
        "From 0, the photograph, to 1, the painting.",
    ),
    Option(
        "keep_colors",
        {"type": "boolean"},
        _DEFAULT.keep_colors,
        "Keep the colours of the photograph.",
    ),
    Option(
        "image_size",
        {"type": "integer", "minimum": SMALLEST_IMAGE},
        _DEFAULT.image_size,
        "Long side in pixels at which it is painted; its own by default.",
    ),
    Option(
        "style_scale",
        {"type": "number", "minimum": STYLE_SCALES[0], "maximum": STYLE_SCALES[1]},
        _DEFAULT.style_scale,
        "Size of the strokes.",
    ),
    *_ANSWER,
)
ENLARGE = (
    Option("network", {"type": "string"}, None, "Which network enlarges; the first by default."),
    *_ANSWER,
)


def parse(table, pairs):
    """The options of a request.

    Args:
        table: `PAINT` or `ENLARGE`.
        pairs: list of (name, text), from the address and from a form.

    Returns:
        dict with a value for each option of the table.

    Raises:
        Refusal: 400, an unknown option, one that is given twice, or a value that it can't have.
    """
    known = {option.name: option for option in table}
    values = {option.name: option.default for option in table}
    given = set()
    for name, text in pairs:
        if name not in known:
            raise Refusal(400, f"{name!r} is not an option; there are {', '.join(known)}.")
        if name in given:
            raise Refusal(400, f"{name} is given twice.")
        given.add(name)
        values[name] = _value(known[name], text.strip())
    return values


def paint_options(values):
    """The `PaintOptions` among the values of `parse`.

    Raises:
        Refusal: 400, a value out of range.
    """
    names = [field.name for field in dataclasses.fields(PaintOptions)]
    try:
        return PaintOptions(**{name: values[name] for name in names})
    except ValueError as error:
        raise Refusal(400, one_line(error)) from None


def _value(option, text):
    kind = option.schema["type"]
    try:
        if kind == "boolean":
            return {"true": True, "1": True, "false": False, "0": False}[text.lower()]
        if kind == "integer":
            return int(text)
        if kind == "number":
            value = float(text)
            if not math.isfinite(value):
                raise ValueError
            return value
    except (KeyError, ValueError):
        wanted = {"boolean": "true or false", "integer": "a whole number", "number": "a number"}
        raise Refusal(400, f"{option.name} must be {wanted[kind]}, not {text[:40]!r}.") from None
    if text not in option.schema.get("enum", [text]):
        raise Refusal(
            400,
            f"{option.name} must be one of {', '.join(option.schema['enum'])}, not {text[:40]!r}.",
        )
    return text
