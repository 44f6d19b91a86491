"""Keeps account numbers, names and secrets out of what is logged: by the name of a field, by shape, and by value."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote, quote_plus

HIDDEN = "***"
_DEPTH_MAX = 6
_SECRET_CHARACTERS_MIN = 4  # shorter values would blank out half of every line; they count only as whole values

# Fields whose value is never shown.
_SECRET_KEYS = re.compile(r"pass(word|phrase|wd)|secret|token|credential|private|authorization|\bpin\b|\bkey$", re.I)
_NAME_KEYS = re.compile(
    r"(^|_)(name|names|address|street|town|city|email|phone|remittance|remittance_information|unstructured|owner"
    r"|creditor|debtor|beneficiary|payee|payer|counterparty)$",
    re.I,
)
_ACCOUNT_KEYS = re.compile(r"(^|_)(account|accounts|iban|ibans|bban|card|pan)(_number)?$", re.I)
# Names that are not people's, and numbers that are not accounts: what support looks for.
_OPEN_KEYS = {
    "source_name",
    "remote_name",
    "file_name",
    "logger_name",
    "host_name",
    "public_key",
    "host_key",
    "event",
    "level",
    "timestamp",
}
_NUMBER_KEYS = {
    "sid",
    "fid",
    "of",
    "message_id",
    "original_message_id",
    "end_to_end_id",
    "instruction_id",
    "payment_information_id",
    "statement_id",
    "uetr",
    "sha256",
    "sequence",
    "signed_by",
    "timestamp",
    "remote_name",
    "source_name",
}

_IBAN = re.compile(
    r"(?<![A-Za-z0-9])([A-Za-z]{2})([0-9]{2}"
    r"(?:[A-Za-z0-9]{11,30}|(?:[ \u00a0-][A-Z0-9]{4}){2,7}(?:[ \u00a0-][A-Z0-9]{1,4})?))(?![A-Za-z0-9])"
)
_OWN_ID = re.compile(r"[0-9a-f]+")
# A run of digits, also in groups as on a card or a statement; dates and times have other separators.
_DIGITS = re.compile(r"(?<![0-9A-Za-z])[0-9](?:[ \u00a0]?[0-9]){8,33}(?![0-9A-Za-z])")


class Masker:
    """Masks whole log events. *secrets* are values that must not appear anywhere, in whatever field."""

    def __init__(self, secrets: Sequence[str | bytes] = ()) -> None:
        self._whole: set[str] = set()
        self._forms: tuple[str, ...] = ()
        for secret in secrets:
            self.hide(secret)

    def hide(self, secret: str | bytes) -> None:
        """From now on this value, and its usual spellings, appear nowhere. Replaces its tables in one step."""
        text = secret.decode("utf-8", "replace") if isinstance(secret, bytes) else secret
        lines = [line for line in text.splitlines() if line] if len(text) > 200 else []
        forms = {form for part in (text, text.strip(), *lines) for form in _spellings(part)}
        self._whole = self._whole | {form for form in forms if form}
        long = {form for form in forms if len(form) >= _SECRET_CHARACTERS_MIN}
        self._forms = tuple(sorted({*self._forms, *long}, key=len, reverse=True))

    def event(self, fields: Mapping[str, Any]) -> dict[str, Any]:
        """The same event, fit for a log."""
        return {
            self.text(str(key), keep_numbers=True): self._value(str(key), value, 0) for key, value in fields.items()
        }

    def text(self, text: str, *, keep_numbers: bool = False) -> str:
        """Free text without secrets, account numbers and control characters."""
        for form in self._forms:
            if form in text:
                text = text.replace(form, HIDDEN)
        text = _IBAN.sub(_iban, text)
        if not keep_numbers:
            text = _DIGITS.sub(_digits, text)
        return _printable(text)

    def _value(self, key: str, value: Any, depth: int) -> Any:
        if value is None or isinstance(value, bool):
            return value
        hidden = _by_key(key)
        if hidden is not None:
            return HIDDEN if hidden == HIDDEN or isinstance(value, (Mapping, list, tuple, set)) else _tail(str(value))
        if isinstance(value, (int, float)):
            return value if str(value) not in self._whole else HIDDEN
        if isinstance(value, Mapping):
            return self._mapping(value, depth)
        if isinstance(value, (list, tuple, set, frozenset)):
            if depth >= _DEPTH_MAX:
                return HIDDEN
            return [self._value(key, item, depth + 1) for item in value]
        text = value.decode("utf-8", "backslashreplace") if isinstance(value, bytes) else str(value)
        if text in self._whole:
            return HIDDEN
        return self.text(text, keep_numbers=key in _NUMBER_KEYS)

    def _mapping(self, value: Mapping[Any, Any], depth: int) -> Any:
        if depth >= _DEPTH_MAX:
            return HIDDEN
        return {self.text(str(k)): self._value(str(k), v, depth + 1) for k, v in value.items()}


def _by_key(key: str) -> str | None:
    """HIDDEN for what is never shown, "tail" for accounts, None for what may be shown."""
    if key in _OPEN_KEYS:
        return None
    if _SECRET_KEYS.search(key) or _NAME_KEYS.search(key):
        return HIDDEN
    return "tail" if _ACCOUNT_KEYS.search(key) else None


def _tail(account: str) -> str:
    """Enough for two people to see that they mean the same account."""
    bare = re.sub(r"\W", "", account)
    return f"{HIDDEN}{bare[-4:]}" if len(bare) >= 12 else HIDDEN


def _iban(match: re.Match[str]) -> str:
    body = re.sub(r"[^A-Za-z0-9]", "", match[2])
    if sum(c.isdigit() for c in body) < 8:
        return match[0]  # a word that begins like an IBAN
    if _OWN_ID.fullmatch(match[0]) and not _adds_up(match[1] + body):
        return match[0]  # the id of a submission or a digest
    return f"{match[1]}{HIDDEN}{body[-4:]}"


def _adds_up(iban: str) -> bool:
    """ISO 7064 mod 97-10, as every IBAN must."""
    return int("".join(str(int(c, 36)) for c in iban[4:] + iban[:4])) % 97 == 1


def _digits(match: re.Match[str]) -> str:
    return _tail(match[0])


def _spellings(secret: str) -> set[str]:
    """As it is, in a URL, in a Python or JSON string."""
    escaped = secret.encode("unicode_escape").decode("ascii")
    return {
        secret,
        quote(secret, safe=""),
        quote_plus(secret),
        repr(secret)[1:-1],
        escaped,
        escaped.replace('"', '\\"'),
    }


def _printable(text: str) -> str:
    r"""No line of the log can pretend to be two, or paint the terminal."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() or c == " " else _shown(c) for c in text)


def _shown(character: str) -> str:
    if unicodedata.category(character) == "Zs":
        return " "
    return character.encode("unicode_escape", "backslashreplace").decode("ascii")
