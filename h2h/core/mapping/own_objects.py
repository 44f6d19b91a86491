"""Drafts → objects of the model: what was read of one object, by path, becomes the object and its parts."""

from __future__ import annotations

import dataclasses
import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from types import MappingProxyType
from typing import Any

from h2h.core.mapping.own_sample import SAID, SHARED, Path, parts_of
from h2h.core.mapping.own_values import parse_17
from h2h.core.model.parties import Account, Agent, Party
from h2h.core.model.payment import CreditTransfer, Initiation, PaymentInstruction, Place
from h2h.core.model.statement import Balance, Entry, EntryDetail, StatementMessage
from h2h.core.model.status import StatusReason

#: code, where, text, line
Report = Callable[[str, str, str, int | None], None]

# What stands for a part that must be there and is not, and for a text; amounts, currencies and directions never.
_EMPTY_PARTS: Mapping[type, Callable[[], Any]] = {Party: Party, Account: Account, Agent: Agent}
_DECISIVE = frozenset({"credit_debit", "currency", "type", "amount"})


@dataclass
class Draft:
    """One object as it is read: its values by path, and the objects below it by the field they go to."""

    cls: type
    line: int | None = None
    place: Place | None = None
    up: tuple[tuple[Path, Path], ...] = ()
    values: dict[Path, Any] = field(default_factory=dict)
    objects: dict[Path, list[Draft]] = field(default_factory=dict)
    faulty: bool = False


class Maker:
    """Makes the objects of one document; what cannot be made is reported."""

    def __init__(self, report: Report) -> None:
        self._report = report

    def message(self, top: Draft) -> Any:
        """The message; None if not even that can be made."""
        shared = _split_shared(top)
        if top.cls is Initiation:
            return self._initiation(top, shared)
        if top.cls is StatementMessage and (shared.values or shared.objects):
            top.objects.setdefault(("statements",), []).append(shared)
        return self.made(top)

    def _initiation(self, top: Draft, shared: Draft) -> Any:
        """Its payments, under the instructions that they share."""
        drafts = top.objects.pop(("transactions",), [])
        common = {path[1:]: top.values.pop(path) for path in [p for p in top.values if p[0] == "payment"]}
        common |= {("instruction", *path): value for path, value in shared.values.items()}
        initiation = self.made(top)
        known: dict[PaymentInstruction, PaymentInstruction] = {}
        for draft in drafts:
            for path, value in common.items():
                draft.values.setdefault(path, value)
            transaction = self.made(draft, top)
            if isinstance(transaction, CreditTransfer):
                transaction.instruction = known.setdefault(transaction.instruction, transaction.instruction)
                initiation.transactions.append(transaction)
        initiation.instructions = tuple(known)
        return initiation

    def made(self, draft: Draft, around: Draft | None = None) -> Any:
        """The object of a draft; None, and a report, if it lacks what its class cannot do without."""
        for path, source in draft.up:
            # The shared object's own draft has its paths without its name.
            for found in (source, source[1:]):
                if around is not None and found in around.values:
                    draft.values.setdefault(path, around.values[found])
        if draft.cls is Balance:
            _by_sign(draft)
        if draft.cls is Entry:
            _one_detail(draft)
        if draft.cls in SAID and ("said",) in draft.values:
            said = StatusReason(text=draft.values.pop(("said",)))
            draft.values[(SAID[draft.cls],)] = (said,)
        values: dict[Path, Any] = dict(draft.values)
        for path, drafts in draft.objects.items():
            made = [m for m in (self.made(d, draft) for d in drafts) if m is not None]
            values[path] = made
        if draft.place is not None and "place" in _hints(draft.cls):
            values[("place",)] = draft.place
        return self._object(draft.cls, values, draft)

    def _object(self, cls: type, values: Mapping[Path, Any], draft: Draft) -> Any:
        given: dict[str, Any] = {}
        below: dict[str, dict[Path, Any]] = {}
        for path, value in values.items():
            if len(path) == 1:
                given[path[0]] = value
            else:
                below.setdefault(path[0], {})[path[1:]] = value
        parts = parts_of(cls)
        for name, inner in below.items():
            if parts[name] is Mapping:
                given[name] = MappingProxyType({".".join(path): value for path, value in inner.items()})
            else:
                given[name] = self._object(parts[name], inner, draft)
        for f in dataclasses.fields(cls):
            if f.name in given:
                given[f.name] = self._fitted(f.name, _hints(cls)[f.name], given[f.name], draft)
            elif _demanded(f) and not self._filled(f.name, _hints(cls)[f.name], given, draft):
                return None
        return None if any(v is None and n in below for n, v in given.items()) else cls(**given)

    def _fitted(self, name: str, hint: Any, value: Any, draft: Draft) -> Any:
        """The value in the shape of its field; a moment of two halves is put together here."""
        wanted = typing.get_args(hint) or (hint,)
        if isinstance(value, datetime) and date in wanted and datetime not in wanted:
            return value.date()
        if isinstance(value, str) and datetime in wanted:
            try:
                return parse_17(value)
            except ValueError as problem:
                self._report("H2H-VALUE", name.replace("_", " "), f"{value[:40]!r} is {problem}", draft.line)
                return None
        return _fitting(hint, value)

    def _filled(self, name: str, hint: Any, given: dict[str, Any], draft: Draft) -> bool:
        """Fill what may be empty; False if the object cannot be made."""
        if type(None) in typing.get_args(hint):
            given[name] = None
        elif hint in _EMPTY_PARTS:
            given[name] = _EMPTY_PARTS[hint]()
        elif hint is PaymentInstruction:
            given[name] = PaymentInstruction(None, Party(), Account(), Agent(), None)
        elif hint is str and name not in _DECISIVE:
            given[name] = ""
        else:
            if not draft.faulty:
                where = draft.place.path if draft.place else "the file"
                text = f"was not read, because its {name.replace('_', ' ')} is missing"
                self._report("H2H-NOT-READ", where, text, draft.line)
            return False
        return True


@lru_cache(maxsize=64)
def _hints(cls: type) -> Mapping[str, Any]:
    return typing.get_type_hints(cls)


def _demanded(field_: dataclasses.Field[Any]) -> bool:
    return field_.default is dataclasses.MISSING and field_.default_factory is dataclasses.MISSING


def _fitting(hint: Any, value: Any) -> Any:
    """A single text where the model keeps several; a number where the sample says one in words."""
    if typing.get_origin(hint) is tuple and not isinstance(value, tuple):
        return tuple(value) if isinstance(value, list) else (value,)
    wanted = typing.get_args(hint) or (hint,)
    if isinstance(value, str) and str not in wanted:
        if int in wanted:
            return int(value)
        if bool in wanted:
            return value == "true"
    return value


def _split_shared(top: Draft) -> Draft:
    """What the sample says of the one instruction or statement of the message, taken out of the message."""
    name, cls = SHARED.get(top.cls, ("", top.cls))
    shared = Draft(cls, top.line)
    for path in [p for p in top.values if p[0] == name]:
        shared.values[path[1:]] = top.values.pop(path)
    for path in [p for p in top.objects if p[0] == name]:
        shared.objects[path[1:]] = top.objects.pop(path)
    return shared


def _by_sign(draft: Draft) -> None:
    """Banks that state no direction state it by the sign: a negative balance is a debit one."""
    amount = draft.values.get(("amount",))
    if isinstance(amount, Decimal) and ("credit_debit",) not in draft.values:
        draft.values[("credit_debit",)] = "DBIT" if amount < 0 else "CRDT"
        draft.values[("amount",)] = abs(amount)


def _one_detail(draft: Draft) -> None:
    """The detail of an entry that is one row; the other side is the payee of a debit and the payer of a credit."""
    detail = {path[1:]: draft.values.pop(path) for path in [p for p in draft.values if p[0] == "detail"]}
    side = "creditor" if draft.values.get(("credit_debit",)) == "DBIT" else "debtor"
    for path in [p for p in draft.values if p[0] == "counterparty"]:
        detail[(f"{side}_{path[1]}",)] = draft.values.pop(path)
    if detail:
        draft.objects.setdefault(("details",), []).append(Draft(EntryDetail, draft.line, values=detail))
