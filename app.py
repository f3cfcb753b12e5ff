"""Opens the chat over this folder's indexes; where there is none yet, the page leads to the first."""

from pathlib import Path

from assistant import Assistant
from assistant.ui import launch

if __name__ == "__main__":
    launch(Assistant(Path(__file__).parent, may_be_empty=True))
