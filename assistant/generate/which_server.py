"""Which server a model is asked at: the one whose address is named, else the one that runs for the workspace."""

from __future__ import annotations

from pathlib import Path

from assistant.errors import ModelLost
from assistant.generate.chat import ChatServer
from assistant.generate.running import RunningServer, running_server
from assistant.settings import LlmSettings


class WhichServer:
    """`base_url`, or where that is not named the server that `wardround serve-llm` runs for `workspace`, looked up at
    every use: it may be started later, or anew at another address. One of the two has to be named."""

    def __init__(self, llm: LlmSettings, base_url: str | None, workspace: Path | None, lane: str = "answers") -> None:
        self._llm, self._workspace, self._lane = llm, workspace, lane
        self._fixed = ChatServer(llm, base_url, lane) if base_url else None
        self._found: tuple[RunningServer, ChatServer] | None = None

    @property
    def now(self) -> ChatServer:
        """The server. Raises ModelLost where none runs for the workspace."""
        if self._fixed is not None:
            return self._fixed
        running = running_server(self._workspace) if self._workspace else None
        if running is None:
            raise ModelLost(
                "llm.base_url is not set, and no server runs for {workspace}: start one with "
                "`wardround serve-llm`, or set llm.base_url",
                workspace=self._workspace,
            )
        if self._found is None or self._found[0] != running:
            llm = self._llm.model_copy(update={"model": running.model, "api_key": running.api_key})
            self._found = (running, ChatServer(llm, running.base_url, self._lane))
        return self._found[1]

    @property
    def last(self) -> ChatServer:
        """The server that was last asked; where none was, the one of now. Raises ModelLost."""
        return self._found[1] if self._found else self.now
