"""The HTTP interface described in OpenAPI, from the tables that requests are parsed by."""

from fast_style.web.options import ENLARGE, FORMATS, PAINT

_ERRORS = {
    400: "An option that is unknown or out of range, or an image that is damaged.",
    404: "No such network or style.",
    408: "The upload was too slow.",
    413: "Too many bytes or pixels.",
    415: "Not an image of a format that is read.",
    429: "Others are waiting already; Retry-After says for how many seconds.",
    500: "A fault of the server.",
    503: "No turn came in time, or memory is short.",
    504: "Painting took too long.",
}


def describe(limits):
    """The description as a dict for JSON.

    Args:
        limits: `fast_style.web.limits.Limits`.
    """
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Fast style transfer",
            "version": "1",
            "description": "Paints photographs in the style of a painting. One at a time; a "
            f"file may have {limits.upload_bytes:,} bytes and {limits.upload_pixels:,} pixels, a "
            f"result {limits.result_pixels:,} pixels.",
        },
        "paths": {
            "/api/paint": {"post": _picture("Paint a photograph.", PAINT)},
            "/api/enlarge": {"post": _picture("Enlarge a photograph.", ENLARGE)},
            "/api/styles": {
                "get": _json("The networks with their styles, and the limits.", "Styles")
            },
            "/api/thumbnails/{style}": {
                "get": {
                    "summary": "The painting of a style, small.",
                    "parameters": [
                        {
                            "name": "style",
                            "in": "path",
                            "required": True,
                            "schema": {"type": "string"},
                        }
                    ],
                    "responses": {
                        "200": {"description": "The painting.", "content": {"image/jpeg": {}}},
                        "404": _error("No painting of this name."),
                    },
                }
            },
            "/health": {"get": _json("Whether the server is well, and how busy.", "Health")},
        },
        "components": {"schemas": _schemas()},
    }


def _picture(summary, table):
    properties = {option.name: _schema(option) for option in table}
    image = {"type": "string", "format": "binary", "description": "The photograph's file."}
    form = {
        "schema": {
            "type": "object",
            "required": ["image"],
            "properties": {"image": image, **properties},
        }
    }
    return {
        "summary": summary,
        "description": "The photograph is the body itself, or the field image of a form; options "
        "stand in the address or in the form.",
        "parameters": [
            {"name": option.name, "in": "query", "description": option.text, "schema": schema}
            for option, schema in zip(table, map(_schema, table), strict=True)
        ],
        "requestBody": {
            "required": True,
            "content": {
                "image/*": {"schema": {"type": "string", "format": "binary"}},
                "application/octet-stream": {"schema": {"type": "string", "format": "binary"}},
                "multipart/form-data": form,
            },
        },
        "responses": {
            "200": {
                "description": "The picture.",
                "headers": {
                    "Server-Timing": _header("Milliseconds with a turn: turn;dur=180."),
                    "Notes": _header("What to know of how the photograph was read, if anything."),
                },
                "content": {media_type: {} for _, media_type in FORMATS.values()},
            },
            **{str(status): _error(text) for status, text in _ERRORS.items()},
        },
    }


def _schema(option):
    default = {} if option.default is None else {"default": option.default}
    return {**option.schema, **default, "description": option.text}


def _header(text):
    return {"description": text, "schema": {"type": "string"}}


def _json(summary, schema):
    content = {"application/json": {"schema": {"$ref": f"#/components/schemas/{schema}"}}}
    return {"summary": summary, "responses": {"200": {"description": summary, "content": content}}}


def _error(text):
    content = {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}
    return {"description": text, "content": content}


def _schemas():
    text, whole, number = ({"type": kind} for kind in ("string", "integer", "number"))
    style = _object(name=text, title=text, thumbnail={"type": ["string", "null"]})
    network = _object(
        name=text,
        task={"type": "string", "enum": ["style", "super_resolution"]},
        factor=whole,
        styles={"type": "array", "items": style},
    )
    limits = _object(
        upload_bytes=whole,
        upload_pixels=whole,
        result_pixels=whole,
        style_scale={"type": "array", "items": number},
        formats={"type": "array", "items": text},
    )
    return {
        "Error": _object(error=text),
        "Health": _object(status=text, inside=whole),
        "Styles": _object(networks={"type": "array", "items": network}, limits=limits),
    }


def _object(**properties):
    return {"type": "object", "properties": properties, "required": list(properties)}
