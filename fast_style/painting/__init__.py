"""Painting images with a trained network."""
