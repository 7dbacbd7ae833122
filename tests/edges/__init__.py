"""The tests of what touches the outside, on the real outside."""
