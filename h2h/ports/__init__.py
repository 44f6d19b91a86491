"""All that h2h needs from outside, as Protocols, with the errors each may raise.

Every method is one effect that either happened durably when it returns, or raised one of the errors it names. A caller
may meet any other exception too; while sending that means "in doubt" (`h2h.core.errors`).
"""

from h2h.ports.bank import (
    Channel,
    RemoteEntry,
    RemoteKind,
    Session,
)
from h2h.ports.folders import (
    THE_FOLDER,
    Archive,
    Candidate,
    Claimed,
    Inbox,
    Oddity,
    Outbox,
    Spooled,
)
from h2h.ports.journal import (
    Journal,
    Ledger,
)
from h2h.ports.other import (
    Clock,
    Helpers,
    OpenReport,
    Schemas,
    Sealer,
    SealReport,
)

__all__ = [
    "THE_FOLDER",
    "Archive",
    "Candidate",
    "Channel",
    "Claimed",
    "Clock",
    "Helpers",
    "Inbox",
    "Journal",
    "Ledger",
    "Oddity",
    "OpenReport",
    "Outbox",
    "RemoteEntry",
    "RemoteKind",
    "Schemas",
    "SealReport",
    "Sealer",
    "Session",
    "Spooled",
]
