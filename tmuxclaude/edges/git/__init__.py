"""Touches git, by one door: ``call``. Through it: ``index``, ``work`` and ``looks``."""
