"""Claude Code sessions in tmux that continue by themselves when a usage limit resets."""

__version__ = "0.1.0"
