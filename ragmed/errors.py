"""The errors RagMed raises on purpose.

    RagMedError                  anything a user or caller may act on; carries a remedy
    ├── BadInputError            the request, a setting or a file is wrong             (exit code 2)
    │   ├── SettingsError
    │   ├── UnreadableFileError  one file; the rest goes on
    │   │   └── LimitExceededError
    │   └── NotFoundError        no such record, document, page, snapshot
    ├── NotPossibleError         this machine or installation cannot do it             (exit code 3)
    │   ├── NoIndexError         nothing has been published yet
    │   │   └── OutdatedIndexError  what was published is of an older program
    │   ├── MissingPartError     an optional program or package is not installed
    │   └── ModelError           the language model cannot be used; the library is quoted instead
    ├── IntegrityError           bytes are not what the manifest says                  (exit code 1)
    └── BusyError                another writer holds the lock                         (exit code 3)

Every message names the file or thing and what to do next; a user's mistake never ends in a traceback.
"""

from __future__ import annotations


class RagMedError(Exception):
    """Base of the tree. ``str(error)`` is the message; ``remedy`` says what to do, or is empty."""

    exit_code = 1

    def __init__(self, message: str, *, remedy: str = "") -> None:
        super().__init__(message)
        self.remedy = remedy

    def __reduce__(self) -> tuple[object, ...]:
        # keyword-only arguments are lost by Exception's own pickling, and readers run in child processes
        return (_rebuild, (type(self), str(self), self.remedy))


def _rebuild(kind: type[RagMedError], message: str, remedy: str) -> RagMedError:
    return kind(message, remedy=remedy)


class BadInputError(RagMedError):
    """The request, a setting or a file is wrong; the user can mend it."""

    exit_code = 2


class SettingsError(BadInputError):
    """A setting is unknown, of the wrong type or out of range."""


class UnreadableFileError(BadInputError):
    """One file of the library cannot be read; says why."""


class LimitExceededError(UnreadableFileError):
    """A reader broke a limit: wall clock, memory, pages, pixels or archive ratio."""


class NotFoundError(BadInputError):
    """No such record, document, page, chunk or snapshot."""


class ErasedError(NotFoundError):
    """The content was destroyed on request; that it was there, and when it was erased, is kept."""


class NotPossibleError(RagMedError):
    """This machine or installation cannot do it."""

    exit_code = 3


class NoIndexError(NotPossibleError):
    """No snapshot has been published in this index folder."""


class OutdatedIndexError(NoIndexError):
    """The snapshot is in the format of an older program; indexing again makes one of today's."""


class MissingPartError(NotPossibleError):
    """An optional program, package or model is not installed."""


class ModelError(NotPossibleError):
    """The language model cannot be used: not there, half there, out of memory, not answering."""


class IntegrityError(RagMedError):
    """Stored bytes differ from the manifest's hash; names the file."""


class BusyError(RagMedError):
    """Another process is writing to the index."""

    exit_code = 3
