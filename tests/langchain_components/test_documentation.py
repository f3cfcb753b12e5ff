"""What docs/langchain.md shows is run as it stands there."""

import re
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "langchain.md"


def test_the_examples_run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    blocks = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    assert len(blocks) == 5
    names = {"__name__": "examples"}
    for number, block in enumerate(blocks, start=1):
        exec(compile(block, f"{PAGE.name}, example {number}", "exec"), names)
