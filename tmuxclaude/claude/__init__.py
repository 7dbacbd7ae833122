"""Knows Claude Code: its screens, limit texts, files, hooks and flags. Text in, values out."""
