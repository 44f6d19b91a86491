"""Names and ids: the same input gives the same name, for ever. No clock, no attempt counter, no chance.

Rules
1. A message id, a payment information id and a remote name are pure functions of what was journalled at take-in.
2. What goes to a bank is made of letters, digits, ``-`` (ids) or ``- _ .`` (file names): every bank takes these.
3. What is too long or not safe is refused, never cut. A foreign name is escaped so that two names stay two names.
"""

from __future__ import annotations

import hashlib
import re
import string
from datetime import date
from decimal import Decimal

from h2h.core.errors import Misconfigured
from h2h.core.findings import Finding, WhoActs, error

#: ISO 20022 Max35Text, the length of every id in a payment initiation.
ID_LENGTH = 35
#: One directory entry on common file systems.
FILE_NAME_LENGTH = 255
#: What a remote name template may name.
TEMPLATE_FIELDS = ("message_id", "sequence", "format", "suffix", "bank")

_SAFE_FILE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_ESCAPED_LENGTH = 200


def submission_id(folder: str, sha256: str) -> str:
    """The id of the first submission of these bytes from this ERP folder."""
    return hashlib.sha256(f"{folder}\0{sha256}".encode()).hexdigest()[:20]


def message_id(instance: str, sid: str, shape: str | None = None) -> str:
    """GrpHdr/MsgId of the submission *sid*: up to four letters of *instance*, then the start of *sid*.

    80 bits of the content's digest keep it unique; a further submission of the same bytes (``…-2``) has its own.
    *shape* is for banks that take shorter ids: ``alphanumeric:20``, or ``digits:16``: so many characters, made of the
    digest of all of *sid*.
    """
    if shape is not None:
        alphabet, _, length = shape.partition(":")
        number = int(hashlib.sha256(sid.encode()).hexdigest(), 16)
        text = str(number) if alphabet == "digits" else f"{number:064X}"
        return text[-int(length) :]
    digest, _, repetition = sid.partition("-")
    if not re.fullmatch(r"[0-9a-fA-F]{20,}", digest):
        digest, repetition = hashlib.sha256(sid.encode()).hexdigest(), ""
    letters = "".join(c for c in instance if c.isascii() and c.isalnum())[:4].upper() or "H2H"
    return _fitting(f"{letters}-{digest[:20].upper()}", f"-{repetition}" if repetition else "")


def named_after(remote_name: str) -> str:
    """The message id that an answer's name begins with, up to the first sign that no id of ours has."""
    return re.split(r"[._]", remote_name.rpartition("/")[2], maxsplit=1)[0]


def payment_information_id(message_id: str, ordinal: int) -> str:
    """PmtInf/PmtInfId of the *ordinal*-th instruction (1-based) of a message."""
    return _fitting(message_id, f"-{ordinal}")


def instruction_id(message_id: str, ordinal: int) -> str:
    """PmtId/InstrId of the *ordinal*-th payment (1-based, document order), where the ERP has no id of its own."""
    return _fitting(message_id, f"-T{ordinal}")


def _fitting(base: str, ending: str) -> str:
    if len(base) + len(ending) <= ID_LENGTH:
        return base + ending
    room = ID_LENGTH - len(ending)
    return hashlib.sha256(base.encode()).hexdigest()[:room].upper() + ending


def remote_name(
    template: str, *, message_id: str, sequence: int | None, format: str, suffix: str = "", bank: str = ""
) -> str:
    """The name of the file at the bank, fixed once at seal.

    *template* is a ``str.format`` template over ``TEMPLATE_FIELDS``; ``Misconfigured`` if it asks for anything else,
    or if the name would be empty, hidden, too long or hold another character than letters, digits, ``.``, ``_``, ``-``.
    """
    faults = check_template(template)
    if faults:
        raise Misconfigured(faults[0].text)
    if sequence is None and "{sequence" in template:
        raise Misconfigured(f"remote_name '{template}' names the sequence, but none was allocated")
    try:
        name = template.format(message_id=message_id, sequence=sequence, format=format, suffix=suffix, bank=bank)
    except (ValueError, TypeError) as problem:
        raise Misconfigured(f"remote_name '{template}' cannot be filled: {problem}") from problem
    if not _SAFE_FILE_NAME.fullmatch(name) or name.endswith("."):
        raise Misconfigured(f"remote_name '{template}' gives '{safe_name(name)}', which is not a safe file name")
    if len(name) > FILE_NAME_LENGTH - len(temporary_name("", 9999, 9999)):
        raise Misconfigured(f"remote_name '{template}' gives a name of {len(name)} characters, which is too long")
    return name


def check_template(template: str) -> list[Finding]:
    """What is wrong with a remote name template; empty if nothing is."""

    def fault(text: str) -> list[Finding]:
        where = "submission.remote_name"
        return [error("H2H-REMOTE-NAME", where, text, WhoActs.SYSTEM_ADMINISTRATOR, next_step="correct the template")]

    try:
        parts = list(string.Formatter().parse(template))
    except ValueError as problem:
        return fault(f"remote_name '{template}' is not a template: {problem}")
    named = [name for _, name, _, _ in parts if name is not None]
    for _, name, spec, conversion in parts:
        if name is not None and name not in TEMPLATE_FIELDS:
            return fault(f"remote_name '{template}' asks for '{name}'; known are {', '.join(TEMPLATE_FIELDS)}")
        if conversion or "{" in (spec or ""):
            return fault(f"remote_name '{template}' uses a conversion or a nested field, which is not supported")
    if not {"message_id", "sequence"} & set(named):
        return fault(f"remote_name '{template}' is the same for every file; name message_id or sequence in it")
    return []


def temporary_name(remote_name: str, generation: int, attempt: int) -> str:
    """The name under which one attempt grows at the bank; used once, never again (protocol 3.1)."""
    return f".{remote_name}.{generation}.{attempt}.part"


def payment_fingerprint(
    *,
    debtor_account: str | None,
    creditor_account: str | None,
    amount: Decimal,
    currency: str,
    reference: str,
    requested_execution_date: date | None,
) -> str:
    """Which payment it is in business terms, as 32 hex digits: two files that hold it twice are a suspicion.

    *reference* is the end-to-end id, or the remittance where the ERP gives no id. Equal amounts count as equal however
    they are written (1.5 and 1.50); account numbers without their blanks.
    """
    parts = (
        _plain(debtor_account),
        _plain(creditor_account),
        plain_amount(amount),
        currency,
        " ".join(reference.split()),
        requested_execution_date.isoformat() if requested_execution_date else "",
    )
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()[:32]


def _plain(account: str | None) -> str:
    return (account or "").replace(" ", "").upper()


def plain_amount(amount: Decimal) -> str:
    """An amount without exponent and without trailing zeros: the one spelling of its value."""
    text = format(amount, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def original_suffix(bank_name: str, *, xml: bool) -> str:
    """How the name of a bank's file ends where it is delivered: ``.xml``, or what the bank calls it (``.sta``).

    Never as the tables and the JSON that lie beside it end.
    """
    if xml:
        return ".xml"
    plain = bank_name.removesuffix(".pgp").removesuffix(".gpg")
    found = re.search(r"\.[A-Za-z0-9]{1,8}\Z", plain)
    own = found.group() if found else ""
    return own if own and own.lower() not in (".csv", ".json", ".xml") else ".txt"


def safe_name(name: bytes | str) -> str:
    """A foreign file name, fit for logs, tables and our own directories; different names stay different.

    Letters, digits and harmless signs stay; anything else, and ``%`` itself, becomes ``%XX`` of its UTF-8 bytes (bytes
    that are no UTF-8 likewise). A name that is too long keeps its start and gets a digest.
    """
    raw = name if isinstance(name, bytes) else name.encode("utf-8", "surrogateescape")
    text = raw.decode("utf-8", "surrogateescape")
    kept = "".join(c if _harmless(c) else _escaped(c) for c in text)
    if kept.startswith((".", "-")):
        kept = _escaped(kept[0]) + kept[1:]
    if len(kept.encode()) > _ESCAPED_LENGTH:
        start = kept.encode()[: _ESCAPED_LENGTH - 40].decode("utf-8", "ignore")
        whole = re.sub("%[0-9A-F]?$", "", start)  # no half escape
        kept = f"{whole}~{hashlib.sha256(raw).hexdigest()[:24]}"
    return kept or "%"


def _harmless(c: str) -> bool:
    return c.isalnum() or c in "._-+=,@ ()[]"


def _escaped(c: str) -> str:
    return "".join(f"%{byte:02X}" for byte in c.encode("utf-8", "surrogateescape"))
