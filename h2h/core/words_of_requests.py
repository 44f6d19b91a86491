"""The words for what asks a bank for something: a request is no payment file, though its life is the same."""

from __future__ import annotations

from h2h.core.lifecycle import State
from h2h.core.saying import Saying

_RELEASE = 'h2h release {sid} --reason "WHY"'
_CANCEL = 'h2h cancel {sid} --reason "WHY"'

#: By the start of its format: where it is.
REQUESTS: dict[str, dict[State, Saying]] = {
    "camt.055": {
        State.CONVERTED: Saying("the request to call payments back was checked", "wait"),
        State.AWAITING_RELEASE: Saying(
            "the request to call payments back was checked and waits to be released",
            "look at it, then release it, or give it up",
            (_RELEASE, _CANCEL),
        ),
        State.SENT: Saying(
            "the bank has the request to call payments back; it has not answered yet",
            "wait for the bank's answer; pay nothing anew before it has come",
        ),
        State.ACKNOWLEDGED: Saying(
            "the bank has the request to call payments back, and has not decided all of it",
            "wait for the bank's answer; pay nothing anew before it has come",
        ),
        State.ACCEPTED: Saying(
            "the bank agreed to all that was called back", "watch the statements for money that is to come home"
        ),
        State.PARTIALLY_ACCEPTED: Saying(
            "the bank agreed to some of what was called back, and refused the rest",
            "look at each payment; for the refused ones talk to the payee",
        ),
        State.REJECTED: Saying(
            "the bank refused to call anything back; the payments stay as they were",
            "read the bank's reason; then talk to the payee",
        ),
    },
    "camt.060": {
        State.CONVERTED: Saying("the question for statements was checked", "wait"),
        State.SENT: Saying("the bank has the question for statements; it has not answered yet", "wait"),
        State.ACKNOWLEDGED: Saying("the bank says it has the question for statements", "wait for the statement"),
        State.ACCEPTED: Saying("the bank answered: what was asked for has come", "nothing"),
        State.REJECTED: Saying("the bank does not answer the question", "read the bank's reason, and ask it"),
    },
}

#: What it asks for stands behind the colon.
REQUEST_EVENTS: dict[str, str] = {
    "converted:recalls": "h2h checked it against the payments that the bank has",
    "converted:asks": "h2h checked it",
    "bank-acknowledged:recalls": "the bank answered for {answered} of {of} payments, and has not decided all of them",
    "bank-accepted:recalls": "the bank agreed to all that was called back: {of}",
    "bank-partially-accepted:recalls": "the bank agreed to some of what was called back, and refused the rest",
    "bank-rejected:recalls": "the bank refused all that was called back: {of}",
    "bank-accepted:asks": "what was asked for has come",
}
