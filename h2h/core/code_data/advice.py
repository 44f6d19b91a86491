"""What to do about a reason code: the reasons are many, the things people can do are few."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from h2h.core.findings import WhoActs


class Resend(StrEnum):
    """Whether the payment may be sent again. Of what is not known here: AFTER_CONFIRMATION."""

    YES = "yes"  # corrected, under a new id: the bank did not execute it
    AFTER_CONFIRMATION = "new-id-after-confirmation"  # only once the bank says that it was not executed
    SAME_AFTER_CONFIRMATION = "same-file-after-confirmation"  # the bank never had it: the same bytes, once it says so
    NEVER = "never"
    NOT_NEEDED = "not-needed"


class Money(StrEnum):
    """Where the money is."""

    NOT_MOVED = "not-moved"  # not debited, or debited and booked back at once
    PAID = "paid"
    CAME_BACK = "came-back"  # paid, and returned
    UNKNOWN = "unknown"
    UNAFFECTED = "unaffected"


@dataclass(frozen=True, slots=True)
class Advice:
    """What completes "Next: …" (in Chinese: chinese.py), who does it, and whether the payment may then go again."""

    next_step: str
    who_acts: WhoActs
    resend: Resend


AP, ERP, TREASURY = WhoActs.ACCOUNTS_PAYABLE, WhoActs.ERP_TEAM, WhoActs.TREASURY
ADMIN, BANK, NOBODY = WhoActs.SYSTEM_ADMINISTRATOR, WhoActs.BANK, WhoActs.NOBODY
YES, AFTER, NEVER = Resend.YES, Resend.AFTER_CONFIRMATION, Resend.NEVER
SAME, NO_NEED = Resend.SAME_AFTER_CONFIRMATION, Resend.NOT_NEEDED

ADVICE: dict[str, Advice] = {
    "payee-account": Advice(
        "ask the payee for the account, by a telephone number you know; correct the master data, pay anew",
        AP,
        YES,
    ),
    "payee-data": Advice("complete or correct the payee's data in the ERP and pay anew", AP, YES),
    "our-account": Advice(
        "check the account to pay from, in the ERP and in the bank's profile; then pay anew",
        TREASURY,
        YES,
    ),
    "our-data": Advice(
        "correct our own name, address or number in the ERP or the bank's profile; then pay anew",
        TREASURY,
        YES,
    ),
    "amount": Advice("correct the amount in the ERP and pay anew", AP, YES),
    "currency": Advice("choose an account or a payment in the right currency and pay anew", AP, YES),
    "limit": Advice(
        "have the limit raised, or split the payment with approval, or use a high-value route; then pay anew",
        TREASURY,
        YES,
    ),
    "funds": Advice("fund the account, then send it as a new payment", TREASURY, YES),
    "duplicate": Advice(
        "find the earlier payment first: the payee may have the money already; do not send it again",
        TREASURY,
        NEVER,
    ),
    "id-used": Advice("find out whether it was paid under that id before it gets a new one", TREASURY, AFTER),
    "totals": Advice("never edit the file by hand; have it made again", ERP, YES),
    "format": Advice(
        "show the bank's text to those who look after the format; correct it, send it under a new id",
        ADMIN,
        YES,
    ),
    "code": Advice("correct the code in the ERP or in the bank's profile and pay anew", ERP, YES),
    "date": Advice("choose another execution date and pay anew", TREASURY, YES),
    "cut-off": Advice("send it as a new payment in the bank's next window", TREASURY, YES),
    "rights": Advice("ask the bank to grant the right, then send it as a new payment", TREASURY, YES),
    "route": Advice("use another route or another bank for this payee", TREASURY, YES),
    "bank-id": Advice("correct the payee bank's BIC or clearing code in the ERP and pay anew", AP, YES),
    "ask-bank": Advice(
        "ask the bank, with the payment's reference, whether it was executed; until then do nothing",
        TREASURY,
        AFTER,
    ),
    "ask-why": Advice("the money is back; ask the bank why before it is paid anew", TREASURY, YES),
    "bank-trouble": Advice(
        "wait and ask the bank; send again only after it confirms that nothing was executed",
        BANK,
        AFTER,
    ),
    "not-received": Advice(
        "compare with what h2h sent; the same file may go again once the bank says that it never came",
        ADMIN,
        SAME,
    ),
    "compliance": Advice("hand it to the compliance desk; do not send it again", TREASURY, NEVER),
    "declaration": Advice("complete the regulatory or tax data and pay anew", AP, YES),
    "fraud": Advice("stop payments to this payee and call the security desk and the bank at once", TREASURY, NEVER),
    "payee-refused": Advice("ask the payee why, before paying anew", AP, YES),
    "keys": Advice("check the keys and certificates agreed with the bank; then send it anew", ADMIN, AFTER),
    "signers": Advice(
        "check with those who approve at the bank; submit it anew if it is still wanted",
        TREASURY,
        AFTER,
    ),
    "text": Advice("correct the remittance or the reference in the ERP and pay anew", AP, YES),
    "collections": Advice("hand it to collections: it concerns a direct debit's mandate", AP, YES),
    "wait": Advice("wait for the bank's next report", NOBODY, NO_NEED),
    "nothing": Advice("nothing to do", NOBODY, NO_NEED),
    "reconcile": Advice("reconcile it with the earlier payment; nothing is owed to the payee", TREASURY, NEVER),
    "inform": Advice("tell treasury: the bank has changed something", TREASURY, NO_NEED),
    "read-text": Advice("read the bank's text; it alone says what is wrong", TREASURY, AFTER),
    "recalled": Advice("close the case: a recall or a cancellation was carried out", TREASURY, YES),
    "recall-refused": Advice(
        "the payment stands; ask the payee for the money, or have the legal desk decide", TREASURY, NO_NEED
    ),
    "recall-ask": Advice("talk to the bank about what it needs before it gives the money back", TREASURY, NO_NEED),
    "recall-asked": Advice(
        "wait for the bank's answer before anything is paid anew; the money moves only with it", TREASURY, AFTER
    ),
    "recall-wait": Advice("wait for the bank's final answer, and for the booking", TREASURY, NO_NEED),
    "recall-back": Advice("look for the return on the statements", TREASURY, NO_NEED),
    "other-kind": Advice("ask the bank: the code belongs to another kind of payment", TREASURY, AFTER),
}
