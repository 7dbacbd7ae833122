"""Touches the outside: one file, or one folder, for each outside thing. Decides nothing."""
