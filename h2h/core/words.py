"""The words of the house in English: states, outcomes, events, and what a person does about each thing that waits.

`words_zh.py` has the same tables in Chinese; a test holds that both have the same keys. ``{sid}`` and the like are
filled from the submission, the attention item or the event's detail. Commands are written as they are typed.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from h2h.core.code_data.advice import Money, Resend
from h2h.core.findings import WhoActs
from h2h.core.lifecycle import State
from h2h.core.outcome import Outcome
from h2h.core.saying import Saying, Step
from h2h.core.words_of_requests import REQUEST_EVENTS, REQUESTS


@dataclass(frozen=True)
class Words:
    """One language."""

    language: str
    states: dict[State, Saying]
    held: dict[str, Step]
    outcomes: dict[Outcome, Saying]
    who: dict[WhoActs, str]
    events: dict[str, str]
    requests: dict[str, dict[State, Saying]]
    attention: dict[str, Step]
    file_states: dict[str, Saying]
    unknown_attention: Step
    resend: dict[Resend, str]
    money: dict[Money, str]
    fixed: dict[str, str]
    labels: dict[str, str] = field(default_factory=dict)

    def label(self, english: str) -> str:
        """A heading or the name of a column in this language; what has no translation stays as it is."""
        return self.labels.get(english, english)

    def who_of(self, who_acts: str) -> str:
        """The person's name in this language, from what a record says."""
        return self.who[WhoActs(who_acts)]


_RELEASE = 'h2h release {sid} --reason "WHY"'
_CANCEL = 'h2h cancel {sid} --reason "WHY"'
_TAKE_OVER = 'h2h take-over {sid} --reason "WHY" --export DIRECTORY'
_CLOSE = 'h2h attention close {number} --reason "WHAT WAS DONE"'
_SUBJECT = "h2h explain {subject}"
_REREAD = 'h2h reread {subject} --reason "WHAT WAS MENDED"'

STATES: dict[State, Saying] = {
    State.RECEIVED: Saying("h2h has the file and will check it", "wait"),
    State.CONVERTED: Saying("the file was checked and written in the bank's format", "wait"),
    State.AWAITING_RELEASE: Saying(
        "the file was checked and waits to be released",
        "look at it, then release it, or give it up",
        (_RELEASE, _CANCEL),
    ),
    State.SEALED: Saying("the file is signed and encrypted and waits to be sent", "wait"),
    State.SENDING: Saying("the file is being sent; the bank cannot see it yet", "wait"),
    State.COMMITTING: Saying("the file is at the bank's door; h2h is finding out whether it went in", "wait"),
    State.SENT: Saying("the bank has the file; it has not answered yet", "wait for the bank's answer"),
    State.ACKNOWLEDGED: Saying("the bank says it has the file", "wait for the bank's decision"),
    State.ACCEPTED: Saying("the bank accepted all payments", "nothing"),
    State.PARTIALLY_ACCEPTED: Saying(
        "the bank accepted some payments and rejected others",
        "correct the rejected payments and send them as new ones; the others must not be sent again",
    ),
    State.REJECTED: Saying(
        "the bank rejected the file; none of its payments will be made",
        "read the reasons, correct, and send new payments",
    ),
    State.DUPLICATE: Saying(
        "the same file had been received before; nothing was sent a second time", "nothing, if it was a mistake"
    ),
    State.REFUSED: Saying("h2h refused the file; nothing was sent", "correct what the error report says"),
    State.HELD: Saying(
        "h2h holds the file back; nothing was sent",
        "look at the reason, then let it go on, or give it up",
        (_RELEASE, _CANCEL),
    ),
    State.IN_DOUBT: Saying(
        "nobody knows whether the bank has the file; h2h will not send it again by itself",
        "let h2h look once more; then ask the bank whether it has the file {remote_name}, and tell h2h what it says",
        (
            "h2h resolve {sid} --look",
            'h2h resolve {sid} --sent --reason "WHO SAID SO"',
            'h2h resolve {sid} --not-sent --reason "WHO SAID SO"',
        ),
    ),
    State.CANCELLED: Saying("a person gave the file up; nothing was sent", "nothing"),
    State.TAKEN_OVER: Saying("a person sends these payments another way; h2h never will", "nothing in h2h"),
}

#: Reason of a HELD submission (or its start) → what to do about that reason.
HELD: dict[str, Step] = {
    "H4-": Step(
        "compare it with the earlier file: if these payments were made already, give this one up; if they are new, "
        "let it go on",
        ("h2h explain {earlier}", _CANCEL, _RELEASE),
    ),
    "H2H-": Step(
        "find out whether what the rule found is meant; if it is, let the file go on, else give it up and have it "
        "exported again",
        ("h2h explain {sid}", _RELEASE, _CANCEL),
    ),
    "H7-UNTRUSTED": Step(
        "mend the keys, or what the reason names; prove it, then let the file go on", ("h2h check", _RELEASE)
    ),
    "H8-ANSWERED": Step(
        "find out whether the bank has these payments, and from whom; if it has them, give the file up; if not, let it "
        "go on",
        ("h2h explain {sid}", _CANCEL, _RELEASE),
    ),
    "H5-OLDER-COPY": Step(
        "find out, in the archive and at the bank, whether it was sent after that copy was made; if not, let it go on, "
        "else take it over or give it up",
        ("h2h explain {sid}", _RELEASE, _CANCEL),
    ),
    "H5-OLDER-JOURNAL": Step(
        "start h2h again: the ledgers are then replayed over the journal, and the file is looked for at the bank"
    ),
    "H9-LATE": Step(
        "find out whether these payments were made another way meanwhile; if not, let them go on late, or give them up",
        ("h2h explain {sid}", _RELEASE, _CANCEL),
    ),
    "H12-RETRIES": Step(
        "find out why the bank cannot be reached; then let the file go on, or send it another way",
        ("h2h bank test {bank}", _RELEASE, _TAKE_OVER),
    ),
    "UNEXPECTED": Step(
        "keep the log of that minute for those who maintain h2h; when the cause is mended, let the file go on, or send "
        "it another way",
        (_RELEASE, _TAKE_OVER),
    ),
}  # fmt: skip

OUTCOMES: dict[Outcome, Saying] = {
    Outcome.PENDING: Saying("the bank has not said anything about it yet", "wait for the bank's answer"),
    Outcome.PROCESSING: Saying("the bank is working on it", "wait for the bank's decision"),
    Outcome.ACCEPTED: Saying("the bank accepted it and will make it", "wait for the statement"),
    Outcome.SETTLED: Saying("it was paid", "nothing"),
    Outcome.REJECTED: Saying(
        "the bank rejected it; it was not paid", "read the reason, correct, and send it as a new payment"
    ),
    Outcome.RETURNED: Saying(
        "it was paid, and the money came back", "read the reason, correct, and send it as a new payment"
    ),
    Outcome.CANCELLED: Saying("it was cancelled at the bank; it was not paid", "find out who cancelled it"),
    Outcome.UNKNOWN: Saying("the bank reported a status that nobody here knows", "ask the bank what it means"),
}

WHO: dict[WhoActs, str] = {who: str(who) for who in WhoActs}

EVENTS: dict[str, str] = {
    "received": "h2h took the file in from the ERP's folder ({size} bytes)",
    "restored": "the ledger brought it back into an older journal",
    "source-discarded": "the ERP's file was removed from its folder; the archive has it",
    "converted": "h2h read it, checked it and wrote it in the bank's format; payments: {transaction_count}",
    "refused": "h2h refused it",
    "duplicate-found": "h2h saw that it is a duplicate",
    "duplicate-warning": "h2h saw payments of earlier files in it, and went on as the profile says",
    "release-required": "it waits for a release",
    "decision-asked": "{actor} asked for '{decision}'; it waits until a second person says the same",
    "released": "{actor} released it",
    "held": "it was held back",
    "sealed": "h2h fixed the final bytes and their name at the bank: {remote_name}",
    "send-started": "h2h began to upload it under a temporary name (attempt {attempt})",
    "send-failed": "the upload failed before the bank could see the file; h2h tries again",
    "commit-started": "the upload was whole and read back; h2h asked the bank's server to rename it",
    "delivered": "the bank has the file: {evidence}",
    "outcome-unknown": "h2h could not find out whether the bank has the file",
    "evidence-too-late": "proof that the bank has it came after somebody had decided otherwise: {evidence}",
    "looked-again": "{actor} had h2h look again: {seen}",
    "resolved-sent": "{actor} found out that the bank has the file",
    "resolved-not-sent": "{actor} found out that the bank does not have the file; h2h sends it again",
    "bank-acknowledged": "the bank said it has the file",
    "bank-accepted": "the bank accepted the payments",
    "bank-partially-accepted": "the bank accepted some payments and rejected others",
    "bank-rejected": "the bank rejected the file",
    "cancelled": "{actor} gave it up",
    "taken-over": "{actor} took it over to send it another way",
    "reported": "the bank reported payment {ordinal}: {to}",
    "late-report": "a late report about payment {payment} changed nothing",
    "contradicting-report": "a report about payment {payment} contradicts an earlier one: {known}, now {reported}",
    "report-changed-nothing": "a report of the bank changed nothing",
    "recall-requested": "{actor} called back {which} ({reason_code}), with submission {recall}",
    "cancellation-answered": "the bank answered the cancellation of payment {payment}: {answer}",
    "seal-made": "h2h signed and encrypted it for the bank",
    "temporary-to-be-removed": "h2h goes to take its temporary file at the bank away",
    "temporary-removed": "h2h took its temporary file at the bank away, so that nothing can rename it any more",
    "temporary-vanished": "the whole upload was gone from the bank before h2h asked for its rename: {problem}",
    "temporary-left": "an unfinished upload of an earlier attempt stayed at the bank; it is harmless",
    **REQUEST_EVENTS,
    # of a bank's file
    "fetched": "h2h fetched it from the bank ({size} bytes)",
    "opened": "h2h opened it; where this bank signs, its signature is good",
    "removed-at-bank": "h2h removed it at the bank, or moved it aside there",
    "read": "h2h read and checked it: {format}",
    "matched": "h2h matched it to the payments that were sent",
    "delivered-to-erp": "h2h delivered it to the ERP",
    "quarantined": "h2h set it aside; nothing of it reached the ERP",
    "reread": "{actor} had h2h take it again from the archive",
    "duplicate": "h2h saw that the bank gave the same message before; it was delivered once",
}

#: Kind of an attention item → what is done about it. Items that h2h closes by itself say so.
ATTENTION: dict[str, Step] = {
    "in-doubt": Step(
        "ask the bank whether it has the file, and tell h2h what it says",
        (_SUBJECT, "h2h resolve {subject} --look"),
    ),
    "held": Step("read why, then let it go on, or give it up", (_SUBJECT,)),
    "second-person": Step(
        "if you agree, give the same command yourself; if not, close this item, and it is no longer asked for",
        (_SUBJECT, _CLOSE),
    ),
    "cannot-go-on": Step("mend the cause; h2h goes on by itself, and closes this item", (_SUBJECT,)),
    "overdue-answer": Step("ask the bank; do not send the file again", (_SUBJECT,)),
    "disk-full": Step("make room; h2h goes on by itself, and closes this item"),
    "folder-unavailable": Step("mount the folder or give h2h's user its rights; h2h goes on by itself", ("h2h check",)),
    "refused-file": Step("correct the file and drop it again", (_CLOSE,)),
    "odd-file": Step("take it out of the folder, or correct it; h2h then closes this item", (_CLOSE,)),
    "odd-remote-name": Step("ask the bank what it is; h2h never fetches it", (_CLOSE,)),
    "bank-unreachable": Step("find out why; h2h tries again by itself", ("h2h bank test {bank}",)),
    "another-installation": Step(
        "find out which machine it is, and stop h2h there; nothing is sent or fetched here meanwhile", ("h2h status",)
    ),
    "host-key": Step(
        "ask the bank, by telephone, whether its key changed; only if it says so, pin the new one in its profile",
        ("h2h bank test {bank}",),
    ),
    "key-expires": Step(
        "exchange new keys with the bank in good time; two may be pinned at once; h2h then closes this item",
        ("h2h check",),
    ),
    "temporary-taken": Step(
        "ask the bank whether it takes temporary names; let uploads grow in a folder that it does not read "
        "(folders.temporary)",
        ("h2h bank test {bank} --wait 120", _CLOSE),
    ),
    "clock-jump": Step("look at the clock and its time server; closing this item lets h2h send again", (_CLOSE,)),
    "clocks-differ": Step("set node and database server by one time server", ("h2h status",)),
    "nodes-differ": Step("make the files of all nodes equal, then reload h2h on each", ("h2h status",)),
    "receipt-not-written": Step("give h2h's user the right to write into the folder; h2h goes on by itself"),
    "file-too-large": Step("ask the bank, or raise limits.file_bytes_max; the file is still at the bank", (_CLOSE,)),
    "cannot-fetch": Step("mend the cause; the answers are still at the bank, and h2h fetches them by itself"),
    "cannot-fetch-file": Step("ask the bank to give its user the right to read it; h2h tries it again by itself"),
    "cannot-remove": Step("ask the bank for the right, or set after_fetch = 'keep'; nothing is fetched twice"),
    "quarantined": Step(
        "read why; nothing of the file reached the ERP. Mend the cause and have it read again, or ask the bank",
        (_SUBJECT, _REREAD, _CLOSE),
    ),
    "file-waits": Step("mend the cause; h2h goes on by itself, and closes this item", (_SUBJECT,)),
    "unknown-message": Step(
        "find out who sends with your contract, or whether a test system reads production", (_SUBJECT, _CLOSE)
    ),
    "unexpected-message": Step("ask the bank why it sent this", (_SUBJECT, _CLOSE)),
    "undeliverable": Step("name an inbound folder in the configuration, and take the file from the archive", (_CLOSE,)),
    "not-in-this-form": Step(
        "take the other forms or the original; correct the folder's settings, or ask the bank for what is missing",
        (_CLOSE,),
    ),
    "unknown-account": Step("add the account to the bank's profile, or ask the bank why it sent this", (_CLOSE,)),
    "contradiction": Step("find out with the bank where the money is; both reports are kept", (_CLOSE,)),
    "unmatched-status": Step("ask the bank which payment it means", (_CLOSE,)),
    "unknown-status": Step("ask the bank what its status means", (_CLOSE,)),
    "cancellation-answer": Step(
        "tell those who asked for the money back; if it was paid, watch for the booking that brings it home", (_CLOSE,)
    ),
    "request-refused": Step("read the bank's reason; correct the request, or call the bank", (_SUBJECT, _CLOSE)),
    "unmatched-cancellation": Step("find out who asked this bank to call a payment back, and which", (_CLOSE,)),
    "cancellation-request": Step(
        "find out whether the money is owed; the account's owner answers the bank", (_SUBJECT, _CLOSE)
    ),
    "payee-check": Step(
        "compare the names with the payees, by a known telephone number; then approve or withdraw at the bank",
        (_CLOSE,),
    ),
    "answer-to-unsent": Step("find out whether somebody sent the file another way, before it is sent", (_SUBJECT,)),
    "amount-differs": Step("compare the booking with the payment, and ask the bank", (_CLOSE,)),
    "ambiguous-entry": Step("tell the payments apart with the bank's help", (_CLOSE,)),
    "batch-differs": Step("compare the booking with the payments, and ask the bank", (_CLOSE,)),
    "statement-gap": Step("ask the bank for the missing statement", (_CLOSE,)),
    "statement-break": Step("ask the bank why the balances do not follow each other", (_CLOSE,)),
    "statement-sums": Step("ask the bank why its statement does not add up", (_CLOSE,)),
    "statement-reissued": Step("ask the bank which of the two is right", (_CLOSE,)),
    "journal-rollback": Step("find out who restored an older journal; nothing was sent twice", ("h2h journal verify",)),
    "restored-without-payments": Step(
        "look at the file in the archive; answers of the bank can be matched to it only as a whole", (_SUBJECT, _CLOSE)
    ),
    "worker-error": Step("keep the log of that minute for those who maintain h2h", (_CLOSE,)),
}
UNKNOWN_ATTENTION = Step("read the text, and do what it says", (_CLOSE,))

FILE_STATES: dict[str, Saying] = {
    "FETCHED": Saying("h2h has the bank's file", "wait"),
    "OPENED": Saying("h2h opened the bank's file and will read it", "wait"),
    "READ": Saying("h2h read the bank's file and will match it to payments", "wait"),
    "MATCHED": Saying("h2h matched the bank's file and will deliver it to the ERP", "wait"),
    "DELIVERED": Saying("the ERP has it", "nothing"),
    "QUARANTINED": Saying(
        "h2h set it aside; nothing of it reached the ERP",
        "read why; mend the cause and have it read again, or ask the bank",
        ('h2h reread {sid} --reason "WHAT WAS MENDED"',),
    ),
    "DUPLICATE": Saying("the bank gave the same message before; it was delivered once", "nothing"),
}

RESEND: dict[Resend, str] = {
    Resend.YES: "yes, corrected and under a new reference: the bank did not execute it",
    Resend.AFTER_CONFIRMATION: "only when the bank has confirmed that it was not executed, under a new reference",
    Resend.SAME_AFTER_CONFIRMATION: "only when the bank has confirmed that it never had it; then the same file",
    Resend.NEVER: "no",
    Resend.NOT_NEEDED: "no need to",
}

MONEY: dict[Money, str] = {
    Money.NOT_MOVED: "not paid; what was debited is booked back",
    Money.PAID: "paid; it may still come back",
    Money.CAME_BACK: "was paid and has come back",
    Money.UNKNOWN: "not known from this code alone",
    Money.UNAFFECTED: "this code changes nothing",
}

#: Single words and sentences of the output.
FIXED: dict[str, str] = {
    "now": "Now",
    "must-act": "Who must act",
    "next-step": "Next step",
    "needs-a-person": "Needs a person",
    "nothing": "nothing",
    "story": "What happened",
    "payments": "Payments",
    "artefacts": "In the archive",
    "findings": "Findings",
    "reported-many": "the bank reported {count} payments: {to}",
    "may-send-again": "May it be sent again",
    "money": "Where the money is",
    "statement": "on statement",
}

ENGLISH = Words(
    language="en",
    states=STATES,
    held=HELD,
    outcomes=OUTCOMES,
    who=WHO,
    events=EVENTS,
    requests=REQUESTS,
    attention=ATTENTION,
    file_states=FILE_STATES,
    unknown_attention=UNKNOWN_ATTENTION,
    resend=RESEND,
    money=MONEY,
    fixed=FIXED,
)
