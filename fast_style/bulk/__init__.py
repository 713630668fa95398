"""Painting any number of photographs on the machines of a Ray cluster; needs the extra bulk."""
