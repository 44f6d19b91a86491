"""t8: evidence that the bank has a file, written down: the journal, then the ledger.

Evidence is about a generation, not about a row as somebody read it: it counts though another node, or a person, moved
the submission since. A doubt ends by it; what was to be sent anew on a person's word is stopped; and who was to send it
another way is told.
"""

from __future__ import annotations

from dataclasses import replace

from h2h.core.errors import StaleState, Unavailable
from h2h.core.findings import WhoActs
from h2h.core.lifecycle import Event, State, may_happen
from h2h.core.match import ANSWERED
from h2h.core.records import Submission
from h2h.core.released import is_released
from h2h.pipeline.held import hold_for_a_person
from h2h.pipeline.house import House, log, moved
from h2h.pipeline.receipts import write_receipt
from h2h.pipeline.witness import ensure_delivered

#: The server's own word about the rename of this generation's temporary file; what lies under the final name may be
#: the next generation's.
OF_THIS_GENERATION = "E1"


def delivered(house: House, sub: Submission, proof: str, words: str) -> Submission:
    """COMMITTING or IN_DOUBT → SENT. ``StaleState`` if another node knew it before, or if it came too late for that."""
    generation = sub.generation
    while True:
        try:
            sub = house.journal.advance(
                sub,
                Event.DELIVERED,
                at=house.now(),
                detail={"evidence": words, "proof": proof},
                evidence=f"{proof}: {words}",
                sent_at=house.now(),
                next_attempt_at=None,
            )
            break
        except StaleState:
            sub = house.journal.submission(sub.sid)
            if sub.generation != generation or not may_happen(sub.state, Event.DELIVERED):
                _tell_too_late(house, sub, generation, proof, words)
                raise
        except Unavailable:
            if proof == OF_THIS_GENERATION:
                _tell_the_ledger(house, sub, f"{proof}: {words}")
            raise
    ensure_delivered(house, sub)
    moved(sub, "delivered", evidence=proof, attempt=sub.attempt)
    return sub


def _tell_the_ledger(house: House, sub: Submission, evidence: str) -> None:
    """The journal cannot be reached, and nobody can find this proof again: the bank may take the file any moment."""
    try:
        ensure_delivered(house, replace(sub, evidence=evidence))
    except Unavailable as problem:
        log.warning("submission.proof-not-kept", sid=sub.sid, evidence=evidence, problem=str(problem))


def _tell_too_late(house: House, sub: Submission, generation: int, proof: str, words: str) -> None:
    """A person has decided otherwise meanwhile. ``StaleState`` if the submission is moved once more."""
    sent_anew = sub.generation > generation
    if not sent_anew and sub.state is not State.TAKEN_OVER:
        return  # it was known
    text = f"{words} (generation {generation}), which somebody decided about as not sent since ({sub.state})"
    detail = {"evidence": words, "proof": proof, "of_generation": generation}
    if sent_anew and may_happen(sub.state, Event.HELD):
        if not is_released(sub.released_by, ANSWERED):
            write_receipt(house, hold_for_a_person(house, sub, ANSWERED, text, detail=detail))
    elif not sent_anew or proof == OF_THIS_GENERATION:
        house.journal.remark(sub.sid, "evidence-too-late", at=house.now(), detail=detail)
        house.attend("answer-to-unsent", sub.sid, f"{sub.source_name}: {text}", WhoActs.TREASURY, sub.bank)
