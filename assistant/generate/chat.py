"""One streamed request to an OpenAI-compatible server, and its failures in words.

Nothing is spoken to but `base_url`: no proxy of the environment, no redirect, no tracing service. However many threads
and answerers share a server, at most `llm.requests` of their requests are there at once.
"""

from __future__ import annotations

import ssl
import threading
import time
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from functools import cache, cached_property
from typing import Any

from assistant.errors import ModelLost, ModelUnavailable, ReplyRefused
from assistant.generate.failures import explained, pause_before_retry
from assistant.generate.pictures import user_content
from assistant.generate.profiles import Profile, profile_of
from assistant.records import Image
from assistant.settings import LlmSettings

_CONNECT_S = 5.0
_LOOK_S = 10.0  # for the list of its models, which takes a server no time


class _TooSlow(ModelLost):
    """A reply that has begun and does not end in time."""


class Reply:
    """A model's reply, token by token; raises ModelUnavailable, also in mid-answer.

    Closing it (or letting it go) ends the request, and the server stops writing. `cut` says, once the tokens have
    ended, whether the limit on its length ended it, in mid-sentence then.
    """

    def __init__(self, chunks: Generator[Any]) -> None:
        self._chunks = chunks
        self._first: Any = None
        self.cut = False

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        chunk, self._first = self._first or next(self._chunks), None
        self.cut = self.cut or chunk.response_metadata.get("finish_reason") == "length"
        return str(chunk.text)

    def begun(self) -> Reply:
        """Itself, once the server has begun to answer. Raises ModelUnavailable where it refuses."""
        if self._first is None:
            self._first = next(self._chunks, None)
        return self

    def close(self) -> None:
        self._chunks.close()


class ChatServer:
    """An OpenAI-compatible server as the settings name it.

    `lane` names requests that count apart from others' in the bound on requests at once: those that are made while an
    answer is still being read, which otherwise could wait for each other.
    """

    def __init__(self, llm: LlmSettings, base_url: str, lane: str = "answers") -> None:
        self._llm = llm
        self.base_url = base_url.rstrip("/")
        self._bound = _bound(self.base_url, lane, llm.requests)

    @cached_property
    def model(self) -> str:
        """The model asked for; where the settings leave it out, the only one that the server serves.

        Raises ModelUnavailable when the server can't be reached, or serves none or several.
        """
        return self._llm.model or self.look()

    def look(self) -> str:
        """Ask the server what it serves: the settings' model, or the only one. Raises ModelUnavailable."""
        try:
            served = [entry.id for entry in self._client.with_options(timeout=_LOOK_S).models.list()]
        except Exception as error:
            raise explained(error, self.base_url, self._llm) from error
        wanted = [name for name in served if self._llm.model in (None, name)]
        if len(wanted) == 1:
            return wanted[0]
        raise ModelUnavailable(
            "{base_url} serves {served}: say which in llm.model",
            base_url=self.base_url,
            served=", ".join(sorted(served)[:8]) or "no model",
        )

    def stream(
        self,
        system: str,
        user: str,
        pictures: Sequence[tuple[str, Image]] = (),
        *,
        extra: Mapping[str, Any] | None = None,
    ) -> Reply:
        """The model's reply to a prompt and its (label, picture)s.

        `extra` goes into the request as it stands ("seed", "response_format" …). The request begins when the first
        token is asked for. One that got no answer at all is tried again `llm.retries` times, with growing pauses; one
        that has begun to answer never.
        """
        return Reply(self._chunks(system, user, pictures, extra or {}))

    def _chunks(
        self, system: str, user: str, pictures: Sequence[tuple[str, Image]], extra: Mapping[str, Any]
    ) -> Generator[Any]:
        model, messages = self._chat_model(extra), self._messages(system, user, pictures)
        with self._slot():
            for tried in range(self._llm.retries + 1):
                begun = False
                with closing(_in_time(_untraced(model, messages), self._llm.timeout_s, self.base_url)) as chunks:
                    try:
                        for chunk in chunks:
                            begun = begun or bool(chunk.text)
                            yield chunk
                        return
                    except Exception as error:
                        pause = None if begun or tried == self._llm.retries else pause_before_retry(error, tried)
                        if pause is None:
                            raise self._failure(error, begun) from error
                time.sleep(min(pause, self._llm.timeout_s))

    def _failure(self, error: Exception, begun: bool) -> ModelUnavailable:
        """What became of a request. One that took too long is no lost server, as long as that answers others."""
        import openai

        meant = explained(error, self.base_url, self._llm)
        if begun:
            meant = ModelLost("the answer broke off: {meant}", meant=meant)
        slow = isinstance(error, _TooSlow | openai.APITimeoutError)
        return ReplyRefused(str(meant)) if slow and self._answers() else meant

    def _answers(self) -> bool:
        import openai

        try:
            self._client.with_options(timeout=_CONNECT_S, max_retries=0).models.list()
        except openai.APIStatusError:
            return True
        except openai.APIError:
            return False
        return True

    def _messages(self, system: str, user: str, pictures: Sequence[tuple[str, Image]]) -> list[Any]:
        """The two messages as the model's profile wants them."""
        from langchain_core.messages import HumanMessage, SystemMessage

        profile = self._profile
        if profile.system == "in_user":
            system, user = "", f"{system}\n\n{user}"
        content = user_content(user, pictures, in_front=profile.pictures == "in_front", side=profile.side)
        return [*([SystemMessage(system)] if system else []), HumanMessage(content)]

    @cached_property
    def _profile(self) -> Profile:
        return profile_of(self._llm, self.model)

    @contextmanager
    def _slot(self) -> Iterator[None]:
        """One of the requests that may be at the server at once."""
        if not self._bound.acquire(timeout=self._llm.timeout_s):
            raise ModelLost(
                "{base_url} is busy: {requests} requests are under way (llm.requests), and none ended "
                "within {timeout_s:g} s (llm.timeout_s)",
                base_url=self.base_url,
                requests=self._llm.requests,
                timeout_s=self._llm.timeout_s,
            )
        try:
            yield
        finally:
            self._bound.release()

    def _chat_model(self, extra: Mapping[str, Any]) -> Any:
        from langchain_openai import ChatOpenAI
        from pydantic import SecretStr

        return ChatOpenAI(
            model=self.model,
            base_url=self.base_url,
            api_key=SecretStr(self._llm.api_key),
            http_client=_http_client(),
            http_async_client=_unused_async_client(),
            timeout=self._timeout,
            max_retries=0,
            temperature=self._llm.temperature,
            max_tokens=self._llm.max_tokens,
            stop=list(self._profile.stop) or None,
            use_responses_api=False,
            stream_usage=False,
            # not `response_format`: with it, the client reads the whole reply by itself, and strictly not as a stream
            extra_body=dict(extra) or None,
        )

    @cached_property
    def _client(self) -> Any:
        from openai import OpenAI

        return OpenAI(
            base_url=self.base_url,
            api_key=self._llm.api_key,
            http_client=_http_client(),
            timeout=self._timeout,
            max_retries=self._llm.retries,
        )

    @property
    def _timeout(self) -> Any:
        from openai import Timeout

        return Timeout(self._llm.timeout_s, connect=min(_CONNECT_S, self._llm.timeout_s))


@cache
def _bound(base_url: str, lane: str, requests: int) -> threading.BoundedSemaphore:
    return threading.BoundedSemaphore(requests)


@cache
def _http_client() -> Any:
    from openai import DefaultHttpxClient

    # The system's certificates and SSL_CERT_FILE: a hospital's server is often signed by its own authority.
    return DefaultHttpxClient(trust_env=False, follow_redirects=False, verify=ssl.create_default_context())


@cache
def _unused_async_client() -> Any:
    """Left out, LangChain would make one that heeds proxies."""
    from openai import DefaultAsyncHttpxClient

    return DefaultAsyncHttpxClient(trust_env=False)


def _untraced(model: Any, messages: list[Any]) -> Generator[Any]:
    """The chunks of a reply. A LANGSMITH_TRACING in the environment would send every prompt to a service elsewhere."""
    from langsmith import tracing_context

    with tracing_context(enabled=False):
        chunks = model.stream(messages)
    with closing(chunks):
        while True:
            with tracing_context(enabled=False):
                chunk = next(chunks, None)
            if chunk is None:
                return
            yield chunk


def _in_time(chunks: Generator[Any], limit_s: float, where: str) -> Generator[Any]:
    """The chunks, as long as waiting for them takes no more than `limit_s` altogether."""
    waited = 0.0
    with closing(chunks):
        while True:
            started = time.monotonic()
            chunk = next(chunks, None)
            waited += time.monotonic() - started
            if chunk is None:
                return
            if waited > limit_s:
                raise _TooSlow(
                    f"{where} had not finished after {limit_s:g} s: raise llm.timeout_s, or lower llm.max_tokens"
                )
            yield chunk
