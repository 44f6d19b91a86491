"""Deliver: what a bank said, in the ERP's inbound folder, in the forms that it wants; last of all the manifest.

Names are made of the bank's file and its id, so a delivery that was cut short is repeated onto the same names. A status
report goes to the folder its payments came from; a statement to every folder of that bank that wants the account. An
account nobody declared is held back, never put with another's.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from h2h.core.errors import Refused, Untrusted
from h2h.core.findings import WhoActs
from h2h.core.format import Message
from h2h.core.model.cancellation import CancellationAnswer
from h2h.core.model.status import StatusReport
from h2h.core.naming import safe_name
from h2h.core.records import InboundFile
from h2h.pipeline.called_back import called_back
from h2h.pipeline.content import Content, content_of
from h2h.pipeline.given import Given, NotGiven, Part, given_to, instead, stem
from h2h.pipeline.house import House
from h2h.pipeline.kept import kept_of_bank, read_as
from h2h.pipeline.places import emptied_afterwards
from h2h.pipeline.reading import answered_id, dumped, findings_of
from h2h.settings import ErpFolder


def deliver(house: House, file: InboundFile) -> None:
    """Write everything to every folder that gets it. ``Unavailable``, ``OutOfSpace``: it is repeated later.

    ``Untrusted`` if what it says was changed in the archive since it was read.
    """
    content = content_of(house, file)
    whole = kept_of_bank(house, file, "30-message", read_as(house, file))
    findings = findings_of(whole)
    for folder in _folders(house, file, content.message):
        done = f"50-delivered-{safe_name(folder.name)}.json"
        if house.archive.get(file.fid, file.fetched_at, done) is not None:
            continue  # whole, by an earlier try; the ERP may have taken it away since
        manifest = {
            "bank": file.bank,
            "bank_file": file.remote_name,
            "id": file.fid,
            "format": file.format,
            "kind": file.kind,
            "message_id": file.message_id,
            "fetched_at": file.fetched_at.isoformat(),
            "sha256": file.sha256,
            **_put(house, file, folder, content, whole),
            "findings": findings,
        }
        house.inboxes[folder.name].deliver(f"{stem(file)}.manifest.json", dumped(manifest))
        house.archive.put(file.fid, file.fetched_at, done, dumped(manifest))


def _put(house: House, file: InboundFile, folder: ErpFolder, content: Content, whole: Path) -> dict[str, Any]:
    """Everything but the manifest; what the manifest says of it."""
    delivered: list[dict[str, Any]] = []
    not_given: list[dict[str, Any]] = []
    left_out: list[dict[str, Any]] = []
    with emptied_afterwards(house, file.fid):
        work = house.archive.scratch(file.fid)
        for given in given_to(house, file, folder, content, whole, work):
            if isinstance(given, Given):
                try:
                    delivered += _hand_over(house, file, folder, given, work, len(delivered))
                except Refused as refused:
                    given = NotGiven(given.format, list(refused.findings))
            if isinstance(given, NotGiven):
                not_given.append({"format": given.format, "findings": [f.as_json() for f in given.findings]})
                _tell(house, file, folder, given)
            else:
                left_out += [{"format": given.format, **f.as_json()} for f in given.findings]
        if not_given and not delivered:
            delivered += _hand_over(house, file, folder, instead(house, file, folder, content), work, 0)
    return {"files": delivered, "not_given": not_given, "left_out": left_out}


def _hand_over(
    house: House, file: InboundFile, folder: ErpFolder, given: Given, work: Path, before: int
) -> list[dict[str, Any]]:
    """All parts are made before the first is put down; then together, so that nobody takes half of a pair."""
    made = [
        _made(house, file, part, work / f"{number}", f"45-{safe_name(folder.name)}-{number}.{given.format}")
        for number, part in enumerate(given.parts, before + 1)
    ]
    contents = [content for content, _ in made]
    inbox = house.inboxes[folder.name]
    if len(contents) == 1:
        names = [inbox.deliver(given.parts[0].name, contents[0])]
    else:
        names = inbox.deliver_together([(p.name, c) for p, c in zip(given.parts, contents, strict=True)])
    return [
        {"name": name, "format": given.format, "sha256": _sha256(content), "rows": rows}
        for name, (content, rows) in zip(names, made, strict=True)
    ]


def _tell(house: House, file: InboundFile, folder: ErpFolder, given: NotGiven) -> None:
    """The content is in the other forms and in the archive; a person decides what the ERP does without this one."""
    if given.told:
        first = given.findings[0]
        text = f"{file.remote_name}: not given to {folder.name} as {given.format}: {first.text}"
        house.attend("not-in-this-form", f"{file.fid}/{folder.name}/{given.format}", text, first.who_acts, file.bank)


def _made(house: House, file: InboundFile, part: Part, working: Path, kept_as: str) -> tuple[Path, int | None]:
    """(the content as a file, rows). It says what was known when it was first made: a delivery that is repeated later

    gives the same bytes.
    """
    if isinstance(part.content, Path):
        return part.content, None
    with working.open("wb") as out:
        rows = part.content(out)
    kept = house.archive.get(file.fid, file.fetched_at, kept_as)
    try:
        # What stands there is put there again: the process that did may have been killed before it was durable.
        return house.archive.put(file.fid, file.fetched_at, kept_as, kept or working), rows
    except Untrusted:
        quicker = house.archive.get(file.fid, file.fetched_at, kept_as)
        if kept is not None or quicker is None:
            raise
        # Another node was, in this very moment, and what it knew of the payments is what the ERP is told.
        return house.archive.put(file.fid, file.fetched_at, kept_as, quicker), rows


def _sha256(content: Path) -> str:
    with content.open("rb") as source:
        return hashlib.file_digest(source, "sha256").hexdigest()


def _folders(house: House, file: InboundFile, message: Message) -> list[ErpFolder]:
    """Who gets it. Nobody: a person is told, the file stays in the archive."""
    folders = [f for f in house.settings.erp if f.bank == file.bank and f.name in house.inboxes]
    if isinstance(message, StatusReport):
        names = {s.folder for s in house.journal.by_message_id(file.bank, answered_id(file, message))}
        folders = [f for f in folders if f.name in names]
    elif isinstance(message, CancellationAnswer):
        # It goes to whose payments it names; one that names none of ours goes to everybody of this bank.
        ours = {house.journal.submission(p.sid).folder for p in called_back(house, file.bank, message)[0]}
        folders = [f for f in folders if f.name in ours] if ours else folders
    if not folders:
        text = f"{file.remote_name}: no ERP folder of bank {file.bank} has an inbound folder for it; see the archive"
        house.attend("undeliverable", file.fid, text, WhoActs.SYSTEM_ADMINISTRATOR, file.bank)
    return folders
