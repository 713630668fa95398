"""Trained networks on disk: weights and the JSON beside them."""
