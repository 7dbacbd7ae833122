"""Speaks to people: parse, ask, show."""
