"""Watches: observe, decide, act, record, again and again."""
