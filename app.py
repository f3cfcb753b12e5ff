"""Opens the chat over this folder's indexes; builds the demonstration archive first where there is none."""

import sys
from pathlib import Path

from assistant import Assistant
from assistant.cli import main
from assistant.errors import IndexMissing
from assistant.ui import launch

if __name__ == "__main__":
    workspace = Path(__file__).parent
    try:
        opened = Assistant.open(workspace)
    except IndexMissing:
        sys.exit(main(["demo", "--workspace", str(workspace)]))
    launch(opened)
