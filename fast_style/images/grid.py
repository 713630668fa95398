"""Pictures side by side on one sheet, with text."""

import numpy as np
from PIL import Image, ImageDraw, ImageFont

GAP = 6  # pixels
_INK, _PAPER = (0, 0, 0), (255, 255, 255)


def in_rows(items, columns):
    """A list cut into lists of at most `columns` items."""
    return [items[start : start + columns] for start in range(0, len(items), columns)]


def grid(rows, column_labels=(), row_labels=(), captions=()):
    """Lays pictures out in a labelled grid.

    Args:
        rows: list of lists of uint8 RGB `[H, W, 3]`; each picture is centred in a cell as large
            as the largest.
        column_labels, row_labels: text above each column and left of each row; empty for none.
        captions: list of lists of text, beneath each picture; empty for none.

    Returns:
        uint8 RGB.
    """
    cell = np.max([picture.shape[:2] for row in rows for picture in row], axis=0)
    font = ImageFont.load_default(max(12, int(cell[0]) // 14))  # below 12 a space is none
    beneath = [text for row in captions for text in row]
    texts = [font.getbbox(text) for text in (*column_labels, *row_labels, *beneath, "x")]
    line = int(max(box[3] for box in texts)) + GAP
    left = int(max(font.getlength(text) for text in row_labels)) + 2 * GAP if row_labels else GAP
    top = line + GAP if column_labels else GAP
    height, width = (int(side) + GAP for side in cell)
    height += line if captions else 0
    columns = max(len(row) for row in rows)
    sheet = Image.new("RGB", (left + columns * width, top + len(rows) * height), _PAPER)
    draw = ImageDraw.Draw(sheet)
    baseline = top - GAP // 2 - font.getmetrics()[1]  # one for all, with descenders or without
    for number, text in enumerate(column_labels):
        place = (left + number * width + int(cell[1]) // 2, baseline)
        draw.text(place, text, _INK, font, anchor="ms")
    for number, text in enumerate(row_labels):
        place = (GAP, top + number * height + int(cell[0]) // 2)
        draw.text(place, text, _INK, font, anchor="lm")
    for y, row in enumerate(rows):
        for x, picture in enumerate(row):
            free = (cell - picture.shape[:2]) // 2
            place = (left + x * width + int(free[1]), top + y * height + int(free[0]))
            sheet.paste(Image.fromarray(picture), place)
    for y, row in enumerate(captions):
        for x, text in enumerate(row):
            place = (
                left + x * width + int(cell[1]) // 2,
                top + y * height + int(cell[0]) + GAP // 2,
            )
            draw.text(place, text, _INK, font, anchor="ma")
    return np.array(sheet)
