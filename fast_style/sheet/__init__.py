"""`python -m fast_style.sheet`: a photograph in every style of a network."""
