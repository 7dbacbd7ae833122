"""The stand-in `claude`, played in real panes."""
