"""What a server's failures mean: in words with the way out, and whether trying again is of use."""

from __future__ import annotations

from assistant.errors import ModelLost, ModelUnavailable, ReplyRefused
from assistant.settings import LlmSettings

_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.5, 20.0  # between tries; doubled each time, unless the server says how long


def pause_before_retry(error: Exception, tried: int) -> float | None:
    """Seconds until a request that failed may be tried again; None where trying again is of no use."""
    import openai

    match error:
        case openai.APITimeoutError():  # has had its time
            return None
        case openai.APIConnectionError():
            pass
        case openai.APIStatusError() if error.status_code in (408, 409, 429) or error.status_code >= 500:
            wanted = error.response.headers.get("retry-after", "")
            if wanted.isdecimal():
                return float(wanted)
        case _:
            return None
    return min(_FIRST_PAUSE_S * 2**tried, _LONGEST_PAUSE_S)


def explained(error: Exception, where: str, llm: LlmSettings) -> ModelUnavailable:
    """A failure in words: what the server said, and the option to change."""
    import openai

    said = _said(error)
    match error:
        case ModelUnavailable():
            return error
        case openai.APITimeoutError():
            return ModelLost(
                "{where} did not answer within {timeout_s:g} s: try again, or raise llm.timeout_s",
                where=where,
                timeout_s=llm.timeout_s,
            )
        case openai.APIConnectionError():
            return ModelLost(
                "no language model answers at {where}: start its server or set llm.base_url ('quote' needs none)",
                where=where,
            )
        case openai.AuthenticationError() | openai.PermissionDeniedError():
            return ModelUnavailable("{where} refused the API key: set llm.api_key", where=where)
        case openai.NotFoundError():
            model = f"no model {llm.model!r} there" if llm.model else "no OpenAI-compatible API there"
            return ModelUnavailable(
                "{where}: {model}: set llm.model to one that it serves, and llm.base_url to end in /v1 ({said})",
                where=where,
                model=model,
                said=said,
            )
        case openai.RateLimitError():
            return ModelLost("{where} is busy: try again in a while ({said})", where=where, said=said)
        case openai.APIStatusError() if error.status_code >= 500 and "image" not in said.lower():
            return ModelLost(
                "{where} answered with an error {status_code}: {said}",
                where=where,
                status_code=error.status_code,
                said=said,
            )
        case openai.APIStatusError() if "image" in said.lower():
            return ModelUnavailable(
                "{where} takes no pictures: set llm.images = 0, or serve a model that sees ({said})",
                where=where,
                said=said,
            )
        case openai.APIStatusError() if "context" in said.lower():
            return ReplyRefused(
                "the prompt is too long for the model at {where}: lower llm.context_tokens ({said})",
                where=where,
                said=said,
            )
        case openai.APIStatusError():
            return ModelUnavailable(
                "{where} answered with an error {status_code}: {said}",
                where=where,
                status_code=error.status_code,
                said=said,
            )
    return ModelLost("{where}: {fault}: {error}", where=where, fault=type(error).__name__, error=str(error)[:200])


def _said(error: Exception) -> str:
    body = getattr(error, "body", None)
    said = body.get("message") if isinstance(body, dict) else None
    return " ".join(str(said or error).split())[:200]
