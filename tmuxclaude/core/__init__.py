"""Thinks: pure functions and frozen values. No clock, no file, no environment, nothing of ours."""
