"""The built-in form of the picker, for terminals without fzf (docs/internals/picker.md)."""
