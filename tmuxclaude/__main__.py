"""``python -m tmuxclaude`` is ``tmuxclaude``."""

import sys

from tmuxclaude.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
