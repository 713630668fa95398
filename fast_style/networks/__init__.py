"""The image transformation networks and their layers."""
