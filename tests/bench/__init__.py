"""Figures, measured here and now: ``python -m tests.bench``."""
