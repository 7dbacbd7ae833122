"""Tests with the real Claude Code, a real tmux, and an Anthropic API of our own on the loopback."""
