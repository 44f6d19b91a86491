"""Seal: the release, then the final bytes and the remote name, fixed once for every attempt.

Signing and encrypting are randomised: sealing again would give other bytes, and neither our read-back nor the bank's
own duplicate check could recognise them. So the sealed artefact is made once and archived before the journal names it.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from h2h.core.errors import Untrusted
from h2h.core.lifecycle import Event, State
from h2h.core.naming import remote_name
from h2h.core.records import Submission
from h2h.core.released import is_released
from h2h.pipeline.convert import working_place
from h2h.pipeline.four_eyes import needs_a_second_release
from h2h.pipeline.holding import hold_what_rules_say
from h2h.pipeline.house import House, moved
from h2h.pipeline.kept import converted_to, digest, kept
from h2h.pipeline.keys import tell_of_expiry
from h2h.pipeline.places import emptied_afterwards
from h2h.pipeline.requests import is_request, refuse_twice
from h2h.pipeline.suspicions import hold_or_refuse, overlapping, same_message_id

#: Told to the journal before the archive has it: what it is that may lie there.
_MADE = "seal-made"


def seal(house: House, sub: Submission) -> Submission:
    """CONVERTED → SEALED; HELD for what another file holds too; AWAITING_RELEASE where a person must release it."""
    for place in (working_place(sub), sub.sid):  # what a step that was cut short left there
        house.archive.clean(place)
    history = house.journal.events(sub.sid)  # what is asked of it was told when the file was converted
    refuse_twice(house, sub, history)
    suspected = same_message_id(house, sub, sub.message_id or "", sealing=True) or overlapping(house, sub)
    if suspected is not None:
        held = hold_or_refuse(house, sub, suspected)
        if held.state is not State.CONVERTED:
            return held
    sub = hold_what_rules_say(house, sub, history)
    if sub.state is not State.CONVERTED:
        return sub
    if _must_be_released(house, sub) and not is_released(sub.released_by, State.AWAITING_RELEASE):
        sub = house.journal.advance(sub, Event.RELEASE_REQUIRED, at=house.now())
        moved(sub, "awaits-release")
        return sub
    bank = house.bank(sub)
    sealed = _sealed(house, sub, kept(house, sub, "30-bank", converted_to(history)))
    sha256, size = digest(sealed)

    def named(sequence: int) -> dict[str, str]:
        name = remote_name(
            bank.submission.remote_name,
            message_id=sub.message_id or sub.sid,
            sequence=sequence,
            format=sub.bank_format or bank.format,
            suffix=bank.seal.suffix,
            bank=bank.name,
        )
        return {"remote_name": name}

    sealed_now = house.journal.advance(
        sub,
        Event.SEALED,
        at=house.now(),
        detail={"sha256": sha256, "size": size},
        numbered=named,
        sealed_sha256=sha256,
        sealed_size=size,
        profile=_profile_digest(bank.model_dump_json()),
    )
    moved(sealed_now, "sealed", size=size)
    return sealed_now


def _must_be_released(house: House, sub: Submission) -> bool:
    """A question moves no money and tells nobody what they do not know: it needs no second pair of eyes."""
    if house.folder(sub).release_required:
        return not is_request(house, sub, "enquiry")
    return needs_a_second_release(house, sub)


def _sealed(house: House, sub: Submission, plain: Path) -> Path:
    """Sealed and kept. What was sealed first is what is sent: by a step that was cut short, or by another node.

    What lies there and was never told to the journal is neither: an older journal forgot it, and then the ledger has no
    commit of it; or somebody put it there, another file of ours perhaps, which the bank would take. It is replaced.
    """
    there = house.archive.get(sub.sid, sub.received_at, "40-sealed")
    if there is not None and _is_of(house, sub, there, plain):
        # Whoever sealed it may have been killed before it was durable.
        return house.archive.put(sub.sid, sub.received_at, there.name, there)
    with emptied_afterwards(house, sub.sid):
        scratch = house.archive.scratch(sub.sid) / "sealed"
        report = house.sealers[sub.bank].seal(plain, scratch)
        tell_of_expiry(house, sub.bank, report.warnings)
        try:
            sha256 = digest(scratch)[0]
            if sha256 != digest(plain)[0]:
                house.journal.remark(sub.sid, _MADE, at=house.now(), detail={"sha256": sha256})
            name = f"40-sealed.xml{house.bank(sub).seal.suffix}"
            return house.archive.put(sub.sid, sub.received_at, name, scratch, anew=there is not None)
        except Untrusted:
            other = house.archive.get(sub.sid, sub.received_at, "40-sealed")
            if other is None or not house.settings.node.name or not _is_of(house, sub, other, plain):
                raise
            return house.archive.put(sub.sid, sub.received_at, other.name, other)


def _is_of(house: House, sub: Submission, sealed: Path, plain: Path) -> bool:
    """True if it is *plain* unsealed, as this bank wants it, or what a node told that it had made of it."""
    sha256 = digest(sealed)[0]
    if house.bank(sub).seal.kind == "none" and sha256 == digest(plain)[0]:
        return True
    return any(e.event == _MADE and e.detail.get("sha256") == sha256 for e in house.journal.events(sub.sid))


def _profile_digest(text: str) -> str:
    """Which version of the bank's profile this file was sealed with."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]
