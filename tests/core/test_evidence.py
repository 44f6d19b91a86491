"""The recovery table of the protocol, every row: what two names at the bank prove."""

from __future__ import annotations

from itertools import product

import pytest

from h2h.core.evidence import Decision, Seen, decide

ATOMIC, LINK_AND_UNLINK = True, False
PURGES, NEVER_TOUCHES = True, False


@pytest.mark.parametrize(
    ("final", "temporary", "atomic", "purges", "decision", "proof"),
    [
        (Seen.SAME, Seen.ABSENT, ATOMIC, PURGES, Decision.DELIVERED, "E2"),
        (Seen.SAME, Seen.SAME, LINK_AND_UNLINK, PURGES, Decision.DELIVERED, "E2"),
        (Seen.DIFFERENT, Seen.SAME, ATOMIC, NEVER_TOUCHES, Decision.DOUBT, "H1"),
        (Seen.DIFFERENT, Seen.ABSENT, LINK_AND_UNLINK, PURGES, Decision.DOUBT, "H1"),
        (Seen.SAME_SIZE, Seen.ABSENT, ATOMIC, PURGES, Decision.DELIVERED, "E2-size"),
        (Seen.SAME_SIZE, Seen.SAME_SIZE, LINK_AND_UNLINK, PURGES, Decision.DELIVERED, "E2-size"),
        (Seen.SAME_SIZE, Seen.SAME_SIZE, ATOMIC, NEVER_TOUCHES, Decision.DOUBT, "H1"),
        (Seen.SAME_SIZE, Seen.UNKNOWN, ATOMIC, NEVER_TOUCHES, Decision.DOUBT, "H1"),
        (Seen.ABSENT, Seen.SAME, ATOMIC, PURGES, Decision.RENAME_AGAIN, ""),
        (Seen.ABSENT, Seen.SAME_SIZE, ATOMIC, NEVER_TOUCHES, Decision.RENAME_AGAIN, ""),
        (Seen.ABSENT, Seen.SAME, LINK_AND_UNLINK, NEVER_TOUCHES, Decision.DOUBT, "H2"),
        (Seen.ABSENT, Seen.DIFFERENT, ATOMIC, NEVER_TOUCHES, Decision.DOUBT, "H3"),
        (Seen.ABSENT, Seen.DIFFERENT, LINK_AND_UNLINK, PURGES, Decision.DOUBT, "H3"),
        (Seen.ABSENT, Seen.ABSENT, ATOMIC, NEVER_TOUCHES, Decision.DELIVERED, "E4"),
        (Seen.ABSENT, Seen.ABSENT, ATOMIC, PURGES, Decision.DOUBT, "H3"),
        (Seen.ABSENT, Seen.ABSENT, LINK_AND_UNLINK, NEVER_TOUCHES, Decision.DOUBT, "H3"),
        (Seen.UNKNOWN, Seen.SAME, ATOMIC, NEVER_TOUCHES, Decision.DOUBT, "H3"),
        (Seen.ABSENT, Seen.UNKNOWN, ATOMIC, NEVER_TOUCHES, Decision.DOUBT, "H3"),
    ],
)
def test_each_row_of_the_recovery_table_is_decided_as_the_protocol_says(
    final: Seen, temporary: Seen, atomic: bool, purges: bool, decision: Decision, proof: str
) -> None:
    answer = decide(final=final, temporary=temporary, rename_is_atomic=atomic, bank_removes_temporaries=purges)
    assert (answer.decision, answer.proof) == (decision, proof)
    assert answer.words


def test_no_observation_at_all_ever_leads_to_a_new_upload() -> None:
    for final, temporary, atomic, purges in product(Seen, Seen, (True, False), (True, False)):
        answer = decide(final=final, temporary=temporary, rename_is_atomic=atomic, bank_removes_temporaries=purges)
        assert answer.decision in (Decision.DELIVERED, Decision.RENAME_AGAIN, Decision.DOUBT)
        if answer.decision is Decision.RENAME_AGAIN:
            assert atomic, "only an atomic rename consumes the temporary file once"
            assert final is Seen.ABSENT
            assert temporary in (Seen.SAME, Seen.SAME_SIZE), "what is given the final name is what was sealed"


def test_a_strangers_file_is_never_taken_for_ours() -> None:
    for temporary, atomic, purges in product(Seen, (True, False), (True, False)):
        answer = decide(
            final=Seen.DIFFERENT, temporary=temporary, rename_is_atomic=atomic, bank_removes_temporaries=purges
        )
        assert answer.decision is Decision.DOUBT
