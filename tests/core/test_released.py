"""What people released a submission from is compared whole."""

from __future__ import annotations

import pytest

from h2h.core.released import is_released, with_release, without_release


@pytest.mark.parametrize("reason", ["H4-SAME", "H4", "OVERLAP", "anna", "by", "", "H9-LATE by bo"])
def test_what_only_looks_like_a_reason_that_was_answered_is_not_released(reason: str) -> None:
    answers = with_release(with_release(None, "H4-SAME-NAME", "anna"), "H9-LATE", "bo")
    assert is_released(answers, "H4-SAME-NAME")
    assert is_released(answers, "H9-LATE")
    assert not is_released(answers, reason)
    assert not is_released(None, reason)


@pytest.mark.parametrize("name", ["AWAITING_RELEASE", "x; AWAITING_RELEASE by bo", "x;AWAITING_RELEASE by b", ";"])
def test_nobody_releases_another_reason_by_his_name(name: str) -> None:
    answers = with_release("H8-ANSWERED by cy", "H4-OVERLAP", name)
    assert not is_released(answers, "AWAITING_RELEASE")
    assert is_released(answers, "H4-OVERLAP")
    assert is_released(with_release(answers, "AWAITING_RELEASE", "dora"), "AWAITING_RELEASE")


def test_an_answer_that_is_taken_back_leaves_the_others() -> None:
    answers = with_release(with_release(None, "H8-ANSWERED", "anna"), "H4-OVERLAP", "bo")
    assert without_release(answers, "H8-ANSWERED") == "H4-OVERLAP by bo"
    assert without_release("H8-ANSWERED by anna", "H8-ANSWERED") is None
    assert without_release(answers, "H8") == answers
