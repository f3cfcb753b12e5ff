"""One streamed request to an OpenAI-compatible server, and its failures in words.

Nothing is spoken to but `base_url`: no proxy of the environment, no redirect, no tracing service.
"""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from functools import cached_property
from typing import Any

from assistant.errors import ModelUnavailable
from assistant.generate.pictures import image_part
from assistant.records import Image
from assistant.settings import LlmSettings

_RETRIES = 2  # of a request that got no answer at all; never of one that has begun to answer
_CONNECT_S = 5.0


class ChatServer:
    """An OpenAI-compatible server as the settings name it."""

    def __init__(self, llm: LlmSettings, base_url: str) -> None:
        self._llm = llm
        self.base_url = base_url.rstrip("/")

    @cached_property
    def model(self) -> str:
        """The model asked for; where the settings leave it out, the only one that the server serves.

        Raises ModelUnavailable when the server can't be reached, or serves none or several.
        """
        if self._llm.model:
            return self._llm.model
        try:
            served = [entry.id for entry in self._client.models.list()]
        except Exception as error:
            raise self._unavailable(error) from error
        if len(served) == 1:
            return served[0]
        raise ModelUnavailable(
            f"{self.base_url} serves {', '.join(sorted(served)[:8]) or 'no model'}: say which in llm.model"
        )

    def stream(self, system: str, user: str, pictures: tuple[Image, ...] = ()) -> Iterator[str]:
        """The model's reply, token by token. Raises ModelUnavailable, also in mid-answer."""
        from langchain_core.messages import HumanMessage, SystemMessage
        from langsmith import tracing_context

        content: list[str | dict[str, Any]] = [{"type": "text", "text": user}, *(image_part(p) for p in pictures)]
        messages = [SystemMessage(system), HumanMessage(content if pictures else user)]
        model = self._chat_model()
        begun = False
        # A LANGSMITH_TRACING in the environment would send every prompt to a service elsewhere.
        with tracing_context(enabled=False):
            tokens = model.stream(messages)
        while True:
            try:
                with tracing_context(enabled=False):
                    token = next(tokens, None)
            except Exception as error:
                raise self._unavailable(error, begun) from error
            if token is None:
                return
            begun = begun or bool(token.text)
            yield str(token.text)

    def _chat_model(self) -> Any:
        from langchain_openai import ChatOpenAI
        from openai import DefaultAsyncHttpxClient
        from pydantic import SecretStr

        return ChatOpenAI(
            model=self.model,
            base_url=self.base_url,
            api_key=SecretStr(self._llm.api_key),
            http_client=self._http,
            http_async_client=DefaultAsyncHttpxClient(
                trust_env=False
            ),  # unused; left out, one that heeds proxies is made
            timeout=self._timeout,
            max_retries=_RETRIES,
            temperature=self._llm.temperature,
            max_tokens=self._llm.max_tokens,
            use_responses_api=False,
            stream_usage=False,
        )

    @cached_property
    def _client(self) -> Any:
        from openai import OpenAI

        return OpenAI(
            base_url=self.base_url,
            api_key=self._llm.api_key,
            http_client=self._http,
            timeout=self._timeout,
            max_retries=_RETRIES,
        )

    @cached_property
    def _http(self) -> Any:
        from openai import DefaultHttpxClient

        # The system's certificates and SSL_CERT_FILE: a hospital's server is often signed by its own authority.
        return DefaultHttpxClient(trust_env=False, follow_redirects=False, verify=ssl.create_default_context())

    @property
    def _timeout(self) -> Any:
        from openai import Timeout

        return Timeout(self._llm.timeout_s, connect=min(_CONNECT_S, self._llm.timeout_s))

    def _unavailable(self, error: Exception, begun: bool = False) -> ModelUnavailable:
        explained = _explained(error, self.base_url, self._llm)
        return ModelUnavailable(f"the answer broke off: {explained}" if begun else explained)


def _explained(error: Exception, where: str, llm: LlmSettings) -> str:
    import openai

    said = _said(error)
    match error:
        case ModelUnavailable():
            return str(error)
        case openai.APITimeoutError():
            return f"{where} did not answer within {llm.timeout_s:g} s: try again, or raise llm.timeout_s"
        case openai.APIConnectionError():
            return f"no language model answers at {where}: start its server or set llm.base_url ('quote' needs none)"
        case openai.AuthenticationError() | openai.PermissionDeniedError():
            return f"{where} refused the API key: set llm.api_key"
        case openai.NotFoundError():
            model = f"no model {llm.model!r} there" if llm.model else "no OpenAI-compatible API there"
            return f"{where}: {model}: set llm.model to one that it serves, and llm.base_url to end in /v1 ({said})"
        case openai.RateLimitError():
            return f"{where} is busy: try again in a while ({said})"
        case openai.APIStatusError() if "image" in said.lower():
            return f"{where} takes no pictures: set llm.images = 0, or serve a model that sees ({said})"
        case openai.APIStatusError() if "context" in said.lower():
            return f"the prompt is too long for the model at {where}: lower llm.context_chars ({said})"
        case openai.APIStatusError():
            return f"{where} answered with an error {error.status_code}: {said}"
    return f"{where}: {type(error).__name__}: {str(error)[:200]}"


def _said(error: Exception) -> str:
    body = getattr(error, "body", None)
    said = body.get("message") if isinstance(body, dict) else None
    return " ".join(str(said or error).split())[:200]
