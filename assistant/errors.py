"""The errors a user can meet. Each names the thing, the place and the way out.

The command line turns a `WardroundError` into its message and exit status 2; the page shows it in the chat, in its
visitor's language where its wording is known there.
"""

from __future__ import annotations

from assistant.wording import worded


class WardroundError(Exception):
    """Base of every error that is meant for a user to read: an English wording and what fills it in.

    `told` is the message, which still knows its wording.
    """

    def __init__(self, wording: str = "", /, **values: object) -> None:
        self.told = worded(wording, **values)
        super().__init__(str(self.told))


class UnreadableFile(WardroundError):
    """A file that gives no record. `reason` says why, in words a user understands."""

    def __init__(self, path: object, reason: str, /, **values: object) -> None:
        self.path = str(path)
        self.reason = worded(reason, **values)
        super().__init__("{path}: {reason}", path=self.path, reason=self.reason)


class RecipeError(WardroundError):
    """A recipe, manifest or suite that can't be understood."""


class IndexMissing(WardroundError):
    """No index of that name has been built in the workspace."""


class DamagedIndex(WardroundError):
    """A generation whose files do not match its manifest."""


class WorkspaceBusy(WardroundError):
    """Another process is building the same index."""


class DatabaseUnavailable(WardroundError):
    """The PostgreSQL server can't be reached, refuses the role, or went away."""


class EncoderMismatch(WardroundError):
    """An index was built with another encoder than the one that would search it."""


class WeightsMissing(WardroundError):
    """A packaged model's weights are not on this machine and could not be fetched, or have the wrong hash."""


class MissingExtra(WardroundError):
    """An optional part is not installed."""

    def __init__(self, what: str, extra: str) -> None:
        super().__init__("{what} is not installed: pip install 'wardround[{extra}]'", what=what, extra=extra)


class ModelUnavailable(WardroundError):
    """A language model can't be reached or refused to answer; as it stands, by the settings."""


class ModelLost(ModelUnavailable):
    """A language model's server is not there, is too busy, or broke off: later, it may well answer."""


class ReplyRefused(ModelUnavailable):
    """This one request got no usable reply: the prompt is too long, the reply takes too long, or can't be read."""


class BadQuery(WardroundError):
    """A question, filter or batch line that can't be answered as it stands."""


TWO_PATIENTS = (
    "the files are of more than one patient, and two patients' records must not be mixed: begin a new case "
    "(`conversation.switch`, “New case” on the page)"
)


class MixedPatients(BadQuery):
    """Files of more than one patient in one case."""


class OtherPatient(BadQuery):
    """A question about another patient than the case's. `named` is how it names them."""

    def __init__(self, named: str) -> None:
        self.named = named
        super().__init__(
            "the question names another patient ({named}) than this case is about, and two patients' records must not "
            "be mixed: begin a new case (`conversation.switch`, “New case” on the page), or leave the name out",
            named=named,
        )


class TooBusy(WardroundError):
    """More is asked at once than a visitor's share, or than the server takes; later it may well do."""


class NotAllowed(WardroundError):
    """What the account's roles do not allow."""


class CannotWrite(WardroundError):
    """The folder that results go to is full, read-only or gone."""
