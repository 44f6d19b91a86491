"""What the second witness is told besides a commit: claimed, delivered, given up, fetched; and what it is asked.

The journal comes first: each of these follows a move that is durable, and is repeated at the next start if it was cut
short. Only a person's "not sent" of what may be at the bank (`decisions.py`) is written the other way round, and a
proof that the journal cannot be told (`delivered.py`).

A node writes to its own ledger. What was sent, or taken away at the bank, may stand in another node's: all are asked.
"""

from __future__ import annotations

from h2h.core.errors import Misconfigured
from h2h.core.lifecycle import State
from h2h.core.records import InboundFile, LedgerKind, LedgerRecord, Submission
from h2h.pipeline.house import House

#: Why a submission is HELD that a person stopped.
BY_HAND = "BY-HAND"
_GIVEN_UP = {
    State.CANCELLED: LedgerKind.CANCELLED,
    State.REFUSED: LedgerKind.REFUSED,
    State.TAKEN_OVER: LedgerKind.TAKEN_OVER,
}


def knows(house: House, kind: LedgerKind, sub: Submission, *, after: int = 0) -> bool:
    """True if any node's ledger has that record of the submission's present generation, or of one so many *after* it.

    ``Misconfigured``, ``Unavailable`` if one of them cannot be asked: then nobody knows, and nothing is decided.
    """
    all_there(house)
    return house.ledger.anywhere(kind, sub.sid, sub.generation + after)


def all_there(house: House) -> None:
    """``Misconfigured`` if the ledger of a node that has worked on this journal does not lie beside this node's."""
    own = house.settings.node.name
    if not own:
        return
    there = house.ledger.others()
    for node in house.journal.nodes(at=house.now()):
        name = house.settings.ledger_of(node.name)
        if node.name != own and name not in there:
            raise Misconfigured(
                f"{house.settings.paths.ledger.with_name(name)}, the ledger of node '{node.name}', is not there: "
                "nobody can say what that node has sent",
                hint="mount the shared folder, or restore that ledger; nothing is sent or decided until then",
            )


def ensure_claimed(house: House, sub: Submission) -> None:
    """The ledger's claim record: with it, an older journal still knows that this file was taken."""
    if sub.state is State.DUPLICATE or house.ledger.has(LedgerKind.CLAIM, sub.sid, 0):
        return
    detail = {
        "bank": sub.bank,
        "folder": sub.folder,
        "source_name": sub.source_name,
        "source_sha256": sub.source_sha256,
        "source_size": sub.source_size,
        "identity": [
            sub.identity.name,
            sub.identity.device,
            sub.identity.inode,
            sub.identity.mtime_ns,
            sub.identity.size,
        ],
        "received_at": sub.received_at.isoformat(),
        "receipt": sub.receipt,
    }
    house.ledger.append(LedgerRecord(LedgerKind.CLAIM, sub.sid, 0, detail))


def ensure_fetched(house: House, file: InboundFile) -> None:
    """That a bank's file is in the archive, before the bank's copy goes: an older journal else never looks for it."""
    if not house.ledger.has(LedgerKind.FETCHED, file.fid, 0):
        detail = {
            "bank": file.bank,
            "folder": file.folder,
            "remote_name": file.remote_name,
            "remote_name_raw": file.remote_name_raw.hex(),
            "size": file.size,
            "mtime": file.mtime,
            "sha256": file.sha256,
            "fetched_at": file.fetched_at.isoformat(),
        }
        house.ledger.append(LedgerRecord(LedgerKind.FETCHED, file.fid, 0, detail))


def ensure_delivered(house: House, sub: Submission) -> None:
    """The ledger's record that the bank has it."""
    if not house.ledger.has(LedgerKind.DELIVERED, sub.sid, sub.generation):
        detail = {"remote_name": sub.remote_name, "evidence": sub.evidence}
        house.ledger.append(LedgerRecord(LedgerKind.DELIVERED, sub.sid, sub.generation, detail))


def ensure_given_up(house: House, sub: Submission) -> None:
    """That the ERP or a person was told that h2h does not send it: an older journal would else send it after all."""
    kind = _GIVEN_UP.get(sub.state)
    if kind is not None and not house.ledger.has(kind, sub.sid, sub.generation):
        detail = {"reason": sub.reason, "reason_text": sub.reason_text}
        house.ledger.append(LedgerRecord(kind, sub.sid, sub.generation, detail))


def ensure_held(house: House, sub: Submission) -> None:
    """The same where the command that stopped it was cut short; a second stop of one generation is not told again."""
    by_hand = sub.state is State.HELD and sub.reason == BY_HAND
    if by_hand and not house.ledger.has(LedgerKind.HELD, sub.sid, sub.generation):
        tell_held(house, sub)


def tell_held(house: House, sub: Submission) -> None:
    """That a person stopped it, and when: an older journal would else send it without asking."""
    at = sub.updated_at or house.now()
    detail = {"at": at.isoformat(), "reason_text": sub.reason_text}
    house.ledger.append(LedgerRecord(LedgerKind.HELD, sub.sid, sub.generation, detail))
