"""The ERP's folders: an outbox that is scanned, claimed and spooled; an inbox that is delivered to."""

from h2h.adapters.folders.inbox import FolderInbox
from h2h.adapters.folders.outbox import FolderOutbox

__all__ = ["FolderInbox", "FolderOutbox"]
