"""What can go wrong, named by who must act and whether a repetition is safe.

Each docstring is the default message, written for the operator. The rule for money: only ``NotSent`` allows the same
bytes to be sent again; everything unclassified while sending counts as ``InDoubt``.
"""

from __future__ import annotations

from collections.abc import Sequence

from h2h.core.findings import Finding


class H2HError(Exception):
    """Something went wrong in h2h."""

    def __init__(self, message: str | None = None, *, hint: str | None = None) -> None:
        self.message = message or (type(self).__doc__ or "").strip().splitlines()[0]
        self.hint = hint
        super().__init__(self.message if hint is None else f"{self.message} ({hint})")


class Refused(H2HError):
    """The file is refused; it must be corrected by those who made it."""

    def __init__(self, findings: Sequence[Finding], message: str | None = None) -> None:
        self.findings = list(findings)
        first = self.findings[0].text if self.findings else None
        super().__init__(message or first)


class Misconfigured(H2HError):
    """The configuration or the installation is wrong; a system administrator must act. Nothing was sent."""


class NotSent(H2HError):
    """Nothing reached the bank; the same bytes may be sent again."""


class InDoubt(H2HError):
    """The bank may or may not have the file; it must not be sent again until that is known."""


class Untrusted(H2HError):
    """A signature, key or host key is not the pinned one; nothing of the file may be used."""


class Unavailable(H2HError):
    """An outside thing cannot be used just now; the step may be tried again later."""


class NotYet(Unavailable):
    """The step before this one is still being made durable; look again in a moment."""


class NotPermitted(Unavailable):
    """The bank's server answers, but does not permit this; asking again will not help."""


class OutOfSpace(Unavailable):
    """There is no room left on a file system that h2h must write to."""


class NotDurable(OSError):
    """A file could not be made durable; h2h must stop, and look again at what is there when it starts."""


class IllegalTransition(H2HError):
    """The event cannot happen in this state."""


class StaleState(H2HError):
    """Somebody else moved this submission first; read it again before deciding."""


class NotFound(H2HError):
    """There is no such submission, message, payment or file."""
