"""The papers' figures, drawn with `gatys`."""
