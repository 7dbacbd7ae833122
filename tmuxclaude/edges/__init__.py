"""Touches the outside: one file for each outside thing. Decides nothing."""
