"""The loss network and the losses that compare its features."""
