"""Remembers: SQLite, and the only SQL in the house."""
