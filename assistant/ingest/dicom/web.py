"""Studies from a PACS by DICOMweb: QIDO-RS says what is there, WADO-RS fetches it into memory.

DICOM PS3.18, sections 10.6 (search) and 10.4 (retrieve). Only the address in the recipe is ever asked: redirects are
refused, and addresses inside answers (RetrieveURL, BulkDataURI) are not followed. Nothing fetched is written to disk.
"""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache, partial
from io import BytesIO
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from assistant.errors import MissingExtra, RecipeError, UnreadableFile, WardroundError
from assistant.ingest.content import Content
from assistant.settings import IngestSettings

if TYPE_CHECKING:
    import requests
    from dicomweb_client import DICOMwebClient

PAGE = 500  # rows asked for at a time
ATTEMPTS = 3  # of a request that the server answers with 5xx
_WAIT_MS = 500
_TAGS = {"study": "0020000D", "series": "0020000E", "instance": "00080018", "modality": "00080060"}
_VARIABLE = re.compile(r"^\$\{(\w+)\}$")


class PacsSource(BaseModel):
    """The `dicomweb` table of a recipe's source.

    `url` is the service's root ("https://pacs.example.org/dicom-web"). `filters` are QIDO-RS matches on studies, by
    keyword ({ModalitiesInStudy = "CR", StudyDate = "20240101-20241231"}), `modalities` those of the series to fetch.
    `token`, `user` and `password` name environment variables ("${PACS_TOKEN}"), so that no secret stands in a recipe.
    `ca_file` is a certificate authority's file where the system does not know it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    url: str
    filters: dict[str, str] = Field(default_factory=dict)
    modalities: tuple[str, ...] = ()
    max_studies: int | None = Field(None, ge=1)
    token: str | None = None
    user: str | None = None
    password: str | None = None
    ca_file: str | None = None
    timeout_s: float = Field(30.0, gt=0)

    @field_validator("url")
    @classmethod
    def _web_address(cls, url: str) -> str:
        if not re.match(r"^https?://[^\s/@]+(/\S*)?$", url):
            raise ValueError("the root of a DICOMweb service, such as https://pacs.example.org/dicom-web")
        return url.rstrip("/")

    @field_validator("token", "user", "password")
    @classmethod
    def _named_variable(cls, value: str | None) -> str | None:
        if value is not None and not _VARIABLE.match(value):
            raise ValueError("name an environment variable, such as ${PACS_TOKEN}: a recipe holds no secrets")
        return value

    @field_validator("filters")
    @classmethod
    def _study_keywords(cls, filters: dict[str, str]) -> dict[str, str]:
        from pydicom.datadict import tag_for_keyword

        for keyword in filters:
            if tag_for_keyword(keyword) is None:
                raise ValueError(f"{keyword!r} is no DICOM keyword (StudyDate, ModalitiesInStudy, PatientID …)")
        return filters

    @model_validator(mode="after")
    def _one_kind_of_credentials(self) -> PacsSource:
        if (self.user is None) != (self.password is None):
            raise ValueError("user and password go together")
        if self.token and self.user:
            raise ValueError("a token or a user with a password, not both")
        return self

    def __hash__(self) -> int:  # of a mapping too
        return hash(self.model_dump_json())


@dataclass(frozen=True, slots=True)
class Series:
    """A series of the archive, by its UIDs."""

    study: str
    series: str
    modality: str


class PacsError(WardroundError):
    """The service can't be reached or gives no proper answer; the message says which and what to do."""


def series_of(source: PacsSource) -> Iterator[Series]:
    """The series that a source names, by study and series UID. Raises PacsError, MissingExtra."""
    client = _client(source)
    with _told(source, "a search for studies"):
        search = partial(client.search_for_studies, search_filters=dict(source.filters))
        studies = sorted(_all(search, "study", source.max_studies))
    for study in studies:
        with _told(source, f"the series of study {study}"):
            rows = _all(partial(client.search_for_series, study, fields=["Modality"]), "series")
        for series, row in sorted(rows.items()):
            modality = _value(row, "modality").upper()
            if not source.modalities or modality in source.modalities:
                yield Series(study, series, modality)


def instances_of(source: PacsSource, series: Series) -> list[str]:
    """The SOP instance UIDs of a series, sorted. Raises PacsError."""
    with _told(source, f"the objects of series {series.series}"):
        return sorted(_all(partial(_client(source).search_for_instances, series.study, series.series), "instance"))


def fetch(source: PacsSource, series: Series, instance: str, uri: str, limits: IngestSettings) -> Content:
    """One object in the transfer syntax in which it is stored. Raises UnreadableFile, also beyond the size limit."""
    try:
        client = _client(source)
        _bound(client._session, limits, uri)
        with _told(source, f"object {instance}"):
            dataset = client.retrieve_instance(series.study, series.series, instance)
        whole = BytesIO()
        dataset.save_as(whole, enforce_file_format=True)
    except UnreadableFile:
        raise
    except (PacsError, RecipeError, MissingExtra) as error:
        raise UnreadableFile(uri, str(error)) from None
    except Exception as error:
        raise UnreadableFile(
            uri, "what the PACS sent is no DICOM object ({fault}: {error})", fault=type(error).__name__, error=error
        ) from None
    return Content(uri, whole.getvalue())


def headers_of(source: PacsSource, series: Series) -> list[Any]:
    """The headers (pydicom Datasets without bulk data) of a series' objects. Raises PacsError."""
    from pydicom import Dataset

    with _told(source, f"the headers of series {series.series}"):
        rows = _client(source).retrieve_series_metadata(series.study, series.series)
        return [Dataset.from_json(row, bulk_data_uri_handler=lambda *_: None) for row in rows]


def _all(search: Callable[..., Any], what: str, most: int | None = None) -> dict[str, Mapping[str, Any]]:
    """All rows of a search by their UID, page by page; ends where a page brings nothing new."""
    found: dict[str, Mapping[str, Any]] = {}
    while most is None or len(found) < most:
        size = PAGE if most is None else min(PAGE, most - len(found))
        page = search(limit=size, offset=len(found))
        if not all(isinstance(row, dict) for row in page):
            raise PacsError("the answer is no DICOM JSON; is the address that of a DICOMweb root?")
        new = {_uid(row, what): row for row in page}
        if new.keys() <= found.keys():
            break
        found |= new
    return found


# --- the client --------------------------------------------------------------------------------------


@lru_cache(maxsize=8)
def _client(source: PacsSource) -> DICOMwebClient:
    try:
        import requests
        from dicomweb_client import DICOMwebClient
    except ImportError:
        raise MissingExtra("The DICOMweb client", "pacs") from None
    for name in ("dicomweb_client", "urllib3.connectionpool", "retrying"):  # their lines hold patients' UIDs
        logging.getLogger(name).setLevel(logging.CRITICAL)
    session = requests.Session()
    session.max_redirects = 0
    session.trust_env = False  # no proxy and no .netrc that the recipe does not name
    session.verify = source.ca_file or True
    if source.token:
        session.headers["Authorization"] = f"Bearer {_secret(source.token)}"
    elif source.user and source.password:
        session.auth = (_secret(source.user), _secret(source.password))
    client = DICOMwebClient(source.url, session=session, permissive_uid=True, timeout=source.timeout_s)
    client.set_http_retry_params(True, ATTEMPTS, _WAIT_MS)
    return client


def _secret(named: str) -> str:
    match = _VARIABLE.match(named)
    value = os.environ.get(match[1]) if match else None
    if not match or not value:
        raise RecipeError(f"the environment variable {named[2:-1]} is not set, which the recipe names for the PACS")
    return value


def _bound(session: requests.Session, limits: IngestSettings, uri: str) -> None:
    """Stop reading an answer beyond the largest file that is read."""
    most = limits.max_file_mb * 1_000_000

    def check(response: requests.Response, **_: Any) -> None:
        response.raw = _Bounded(response.raw, most, uri, limits.max_file_mb)

    session.hooks["response"] = [check]


class _Bounded:
    """A body that is read up to a number of bytes."""

    def __init__(self, raw: Any, most: int, uri: str, limit_mb: int) -> None:
        self._raw, self._left, self._uri, self._limit_mb = raw, most, uri, limit_mb

    def stream(self, size: int, decode_content: bool = True) -> Iterator[bytes]:
        for block in self._raw.stream(size, decode_content=decode_content):
            self._left -= len(block)
            if self._left < 0:
                raise UnreadableFile(
                    self._uri, "more than the limit of {limit_mb} MB (ingest.max_file_mb)", limit_mb=self._limit_mb
                )
            yield block

    def __getattr__(self, name: str) -> Any:
        return getattr(self._raw, name)


class _told:
    """Turns what the libraries raise into a PacsError that says what was asked of whom."""

    def __init__(self, source: PacsSource, what: str) -> None:
        self._where, self._what = source.url, what

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: object) -> None:
        if (
            error is None
            or type(error) in (UnreadableFile, MissingExtra, RecipeError)
            or not isinstance(error, Exception)
        ):
            return
        raise PacsError(f"{self._where}: {self._what}: {self._reason(error)}") from None

    def _reason(self, error: BaseException) -> str:
        import requests
        from retrying import RetryError

        match error:
            case PacsError():
                return str(error)
            case requests.TooManyRedirects():
                return "the server redirects to another address; put the final one into the recipe"
            case requests.HTTPError(response=response) if response is not None:
                words = {401: "the server wants a sign-in (token, or user and password)", 403: "access is refused",
                         404: "the server knows no such thing; is the address that of its DICOMweb root?"}  # fmt: skip
                return words.get(response.status_code, f"the server answers {response.status_code} {response.reason}")
            case requests.Timeout():
                return "the server does not answer in time (timeout_s)"
            case requests.exceptions.SSLError():
                return "its certificate is not trusted (ca_file names an authority of your own)"
            case requests.ConnectionError():
                return "the server can't be reached"
            case RetryError():
                return f"the server answers with errors, {ATTEMPTS} times in a row"
        return f"no proper DICOMweb answer ({type(error).__name__}: {' '.join(str(error).split())[:160]})"


def _value(row: Mapping[str, Any], name: str) -> str:
    found = row.get(_TAGS[name], {}).get("Value") or [""]
    return str(found[0])


def _uid(row: Mapping[str, Any], name: str) -> str:
    """Raises PacsError where a row lacks it or it is no UID, which would change the address asked for."""
    uid = _value(row, name)
    if not re.fullmatch(r"[0-9A-Za-z.]{1,64}", uid):
        raise PacsError(f"the PACS names a {name} without a proper UID ({uid[:80]!r})")
    return uid
