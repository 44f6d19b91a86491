"""What `h2h explain` tells: found in the journal and the archive, put in order, not yet printed."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from h2h.adapters.journal.tally import find_files
from h2h.cli.screen import local, masked, plural, sentence, zone
from h2h.core.errors import Unavailable
from h2h.core.lifecycle import State
from h2h.core.outcome import Outcome
from h2h.core.story import (
    Present,
    Told,
    chronicle,
    chronicle_of_file,
    chronicle_of_payment,
    outcome_counts,
    present,
    present_of_file,
    present_of_payment,
    seen_elsewhere,
    step_for,
    sums_by_currency,
)

if TYPE_CHECKING:
    from h2h.cli.site import Site
    from h2h.core.records import EventRecord, InboundFile, PaymentRecord, Submission
    from h2h.core.words import Words

#: What h2h leaves beside the ERP's file: its names lead to the file itself.
RECEIPT_ENDS = (".status.json", ".error.json", ".error.txt")
# The ERP's folder then has a report for people beside the receipt.
_REPORTED = (State.REFUSED, State.DUPLICATE)
_URGENT = (Outcome.UNKNOWN, Outcome.REJECTED, Outcome.RETURNED, Outcome.CANCELLED)


@dataclass
class Story:
    """One story, ready to be shown."""

    site: Site
    words: Words
    what: str
    kind: str  # submission, payment, bank-file
    title: str
    state: str
    present: Present
    zone: str
    facts: list[tuple[str, str]]
    lines: list[Told]
    payments: list[PaymentRecord] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    sums: list[str] = field(default_factory=list)
    findings: list[str] = field(default_factory=list)
    finding_objects: list[dict[str, Any]] = field(default_factory=list)
    artefacts: list[Path] = field(default_factory=list)
    others: list[str] = field(default_factory=list)
    other_ids: list[str] = field(default_factory=list)
    hints: list[str] = field(default_factory=list)
    resend: str | None = None
    money: str | None = None
    meaning: dict[str, Any] | None = None
    submission: Submission | None = None
    payment: PaymentRecord | None = None
    file: InboundFile | None = None

    def urgent_first(self) -> list[PaymentRecord]:
        """Payments that somebody must do something about before all others."""
        return sorted(self.payments, key=lambda p: (p.outcome not in _URGENT, p.ordinal))


def tell_story(site: Site, what: str, words: Words) -> Story | None:
    """The story of *what*: of a submission, of a payment if it is one's id, of a bank's file; None if it is nothing."""
    for name in _readings(what):
        found = site.journal.find(name)
        own = [sub for sub in found if _is_named(sub, name)]
        if own:
            return _of_submission(site, name, own, words)
        files = find_files(site.journal, name)
        if files:
            return _of_file(site, name, files, found, words)
        if found:
            return _of_payment(site, name, found, words)
    return None


def _readings(what: str) -> list[str]:
    """*what* as it stands; and where it is a path or the name of a receipt, the file's own name."""
    readings = [what.strip()]
    base = readings[0].rstrip("/").rpartition("/")[2]
    for end in ("", *RECEIPT_ENDS):
        if base.endswith(end):
            readings.append(base.removesuffix(end))
    return [name for name in dict.fromkeys(readings) if name]


def _is_named(sub: Submission, what: str) -> bool:
    return sub.sid.startswith(what) or what in (sub.source_name, sub.receipt, sub.message_id, sub.remote_name)


# ---------------------------------------------------------------------------------------------- a file to the bank


def _of_submission(site: Site, what: str, found: Sequence[Submission], words: Words) -> Story:
    sub = found[0]
    events = site.journal.events(sub.sid)
    payments = site.journal.payments(sub.sid)
    reports = site.journal.payment_events(sub.sid)
    title = (
        f"{sub.source_name}: {plural(sub.transaction_count, 'payment')}" if sub.transaction_count else sub.source_name
    )
    story = Story(
        site, words, what, "submission", f"{title} to {sub.bank}", str(sub.state),
        present=present(sub, words),
        zone=zone(site.clock.now()),
        facts=_facts(site, sub),
        lines=chronicle(events, reports, words, site.meanings),
        payments=payments,
        counts=outcome_counts(payments),
        sums=[f"{total:f} {currency}" for currency, total in sums_by_currency(payments).items()],
        submission=sub,
    )  # fmt: skip
    _add_recalled(story, events)
    _add_findings(story, events)
    _add_artefacts(story, sub.sid, sub.received_at)
    _add_others(story, found)
    _add_evidence(story, sub, payments)
    _add_items(story, sub.sid)
    return story


def _facts(site: Site, sub: Submission) -> list[tuple[str, str]]:
    configured = next((str(e.outbound) for e in site.settings.erp if e.name == sub.folder), None)
    folder = configured or "no longer configured"
    sealed = f"{sub.sealed_size} bytes, sha256 {sub.sealed_sha256}" if sub.sealed_sha256 else ""
    return [
        ("submission", sub.sid),
        ("dropped in", f"ERP folder {sub.folder} ({folder}), taken in {local(sub.received_at)}"),
        ("ERP's file", f"{sub.source_name}, {sub.source_size} bytes, sha256 {sub.source_sha256}"),
        ("read as", f"{sub.source_format}; sent as {sub.bank_format}" if sub.source_format else ""),
        ("message id", sub.message_id or ""),
        ("control sum", f"{sub.control_sum:f}" if sub.control_sum is not None else ""),
        ("at the bank", sub.remote_name or ""),
        ("final bytes", sealed),
        ("evidence", sub.evidence or ""),
        ("receipt", f"{folder}/{sub.receipt}.status.json" if configured else ""),
        ("error report", f"{folder}/{sub.receipt}.error.txt" if configured and sub.state in _REPORTED else ""),
        ("next try", local(sub.next_attempt_at)),
        ("first one", sub.duplicate_of or ""),
    ]


def _short_facts(site: Site, sub: Submission) -> list[tuple[str, str]]:
    """What of its file a payment's story needs."""
    wanted = ("submission", "dropped in", "message id", "at the bank", "evidence", "next try")
    return [(name, value) for name, value in _facts(site, sub) if name in wanted]


def _add_findings(story: Story, events: Sequence[EventRecord]) -> None:
    """Of the last time the file was judged."""
    for event in reversed(events):
        findings = event.detail.get("findings")
        if event.event in ("refused", "converted") and isinstance(findings, list):
            story.finding_objects = [f for f in findings if isinstance(f, dict)]
            story.findings = [_finding(f) for f in story.finding_objects]
            # They are told at the end; the line of the history only says that there are some.
            story.lines = [t if t.event != event.event else _without_more(t) for t in story.lines]
            return


def _add_recalled(story: Story, events: Sequence[EventRecord]) -> None:
    """Of a request: which payments of which submissions it calls back."""
    for event in events:
        recalls = event.detail.get("recalls") if event.event == "converted" else None
        for sid, ordinals in (recalls or {}).items():
            shown = ", ".join(str(o) for o in ordinals[:10]) + (" …" if len(ordinals) > 10 else "")
            names = [s.source_name for s in story.site.journal.find(sid) if s.sid == sid]
            story.facts.append(("calls back", f"payment {shown} of {' '.join(names)} (submission {sid})"))


def _without_more(told: Told) -> Told:
    return replace(told, more=())


def _finding(finding: dict[str, Any]) -> str:
    text = f"{finding.get('severity')}: {finding.get('where')}: {finding.get('text')} [{finding.get('code')}]"
    step = finding.get("next_step")
    return f"{text}. Who acts: {finding.get('who_acts')}." + (f" Next: {sentence(step)}" if step else "")


def _add_artefacts(story: Story, owner: str, since: Any) -> None:
    try:
        story.artefacts = story.site.archive.list(owner, since)
    except Unavailable as problem:
        # The story is the journal's; that the archive is not there is worth a line, not the end of the story.
        story.hints.append(f"the archive cannot be read: {problem.message}")


def _add_others(story: Story, found: Sequence[Submission]) -> None:
    for other in found[1:]:
        at = f"{local(other.received_at)}  {other.source_name}  {other.state}"
        story.others.append(f"{other.sid}  {at}")
        story.other_ids.append(other.sid)


def _add_evidence(story: Story, sub: Submission, payments: Sequence[PaymentRecord]) -> None:
    """Of a file in doubt: what the bank has said of its payments since."""
    for payment in seen_elsewhere(sub, payments)[:3]:
        where = f" on {payment.statement_reference}" if payment.statement_reference else ""
        story.hints.append(
            f"Evidence: payment {payment.ordinal} ({payment.end_to_end_id}) is {payment.outcome}{where}: "
            "the bank had the file"
        )


def _add_items(story: Story, subject: str) -> None:
    """Open items of the list that waits for a person, about this; the first says who acts, if it knows better."""
    sub = story.submission
    waits = sub is not None and sub.state in (State.SEALED, State.SENDING, State.COMMITTING)
    for item in story.site.journal.attention():
        own = item.subject == subject or item.subject.startswith(f"{subject}/")
        if not own and not (waits and sub is not None and (item.subject == sub.bank or item.kind == "clock-jump")):
            continue
        step = step_for(item, story.words)
        if item.kind not in ("held", "in-doubt"):  # these two only repeat the state
            story.hints.append(f"#{item.number} {item.kind}: {item.text}")
            commands = tuple(c for c in step.commands if c != f"h2h explain {subject}")
            at = story.present
            story.present = Present(at.words, item.who_acts, step.step, tuple(dict.fromkeys((*at.commands, *commands))))


# ---------------------------------------------------------------------------------------------- one payment


def _of_payment(site: Site, what: str, found: Sequence[Submission], words: Words) -> Story:
    sub = found[0]
    payment, *twins = _payments_named(site, sub, what)
    reports = site.journal.payment_events(sub.sid, payment.ordinal)
    events = site.journal.events(sub.sid)
    known = site.meanings.of_payment(payment)
    story = Story(
        site, words, what, "payment",
        f"{payment.end_to_end_id}: {payment.amount:f} {payment.currency} to {payment.creditor_name or '?'}",
        str(payment.outcome if payment.outcome is not Outcome.PENDING else sub.state),
        present=present_of_payment(sub, payment, words, site.meanings),
        zone=zone(site.clock.now()),
        facts=[*_payment_facts(sub, payment), *_short_facts(site, sub)],
        lines=chronicle_of_payment(events, reports, payment.ordinal, words, site.meanings),
        submission=sub,
        payment=payment,
    )  # fmt: skip
    if known is not None:
        story.meaning = known.as_json()
        story.resend = words.resend[known.resend]
        story.money = words.money[known.money]
    story.lines = [t if t.event not in ("converted", "refused") else _without_more(t) for t in story.lines]
    _add_artefacts(story, sub.sid, sub.received_at)
    _add_others(story, found)
    for twin in twins:
        story.others.append(f"payment {twin.ordinal} of the same file: {twin.amount:f} {twin.currency}, {twin.outcome}")
    return story


def _payments_named(site: Site, sub: Submission, what: str) -> list[PaymentRecord]:
    """The payments of *sub* that bear this id. The index finds those that may have left; else all are read."""
    found = site.journal.payments_by(bank=sub.bank, end_to_end_ids=[what], uetrs=[what])
    own = [p for p in found if p.sid == sub.sid]
    own = own or [p for p in site.journal.payments(sub.sid) if what in (p.end_to_end_id, p.uetr)]
    return sorted(own, key=lambda p: p.ordinal)


def _payment_facts(sub: Submission, payment: PaymentRecord) -> list[tuple[str, str]]:
    number = f"{payment.ordinal} of {sub.transaction_count or '?'} in {sub.source_name}"
    date = payment.requested_execution_date.isoformat() if payment.requested_execution_date else ""
    said = (payment.bank_status, payment.reason_code, payment.reason_text)
    bank_says = " ".join(dict.fromkeys(str(v) for v in said if v))
    return [
        ("payment", number),
        ("payee", f"{payment.creditor_name or '?'} {masked(payment.creditor_account)}".strip()),
        ("from account", masked(payment.debtor_account)),
        ("to be paid on", date),
        ("UETR", payment.uetr or ""),
        ("bank says", bank_says),
        ("settled on", payment.settled_on.isoformat() if payment.settled_on else ""),
        ("on statement", payment.statement_reference or ""),
    ]


# ---------------------------------------------------------------------------------------------- a file of the bank


def _of_file(site: Site, what: str, found: Sequence[InboundFile], about: Sequence[Submission], words: Words) -> Story:
    file = found[0]
    story = Story(
        site, words, what, "bank-file", f"{file.remote_name} from {file.bank}", str(file.state),
        present=present_of_file(file, words),
        zone=zone(site.clock.now()),
        facts=_file_facts(file),
        lines=chronicle_of_file(site.journal.events(file.fid), words),
        file=file,
    )  # fmt: skip
    for other in found[1:]:
        story.others.append(f"{other.fid}  {local(other.fetched_at)}  {other.remote_name}  {other.state}")
        story.other_ids.append(other.fid)
    _add_artefacts(story, file.fid, file.fetched_at)
    _add_file_findings(story)
    _add_deliveries(story)
    _add_items(story, file.fid)
    for sub in about:
        reports = [r for r in site.journal.payment_events(sub.sid) if r.detail.get("fid") == file.fid]
        moved = ", ".join(f"{n} {o}" for o, n in _outcomes_of(reports).items()) or "the file as a whole"
        story.facts.append(("speaks of", f"{sub.source_name} ({sub.sid}): {moved}"))
    return story


def _outcomes_of(reports: Sequence[EventRecord]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for report in reports:
        counts[report.to_state or "?"] = counts.get(report.to_state or "?", 0) + 1
    return counts


def _file_facts(file: InboundFile) -> list[tuple[str, str]]:
    return [
        ("bank file", file.fid),
        ("fetched from", f"{file.bank}, folder {file.folder}, {local(file.fetched_at)}"),
        ("at the bank", "removed or moved there" if file.removed else "still there, or not ours to remove"),
        ("as it came", f"{file.size} bytes, sha256 {file.sha256}"),
        ("read as", " ".join(v for v in (file.format, f"({file.kind})" if file.kind else "") if v)),
        ("message id", file.message_id or ""),
        ("first one", file.duplicate_of or ""),
    ]


def _add_file_findings(story: Story) -> None:
    for path in story.artefacts:
        if path.name.startswith("25-findings"):
            found = json.loads(path.read_bytes())
            story.finding_objects = [f for f in found if isinstance(f, dict)]
            story.findings = [_finding(f) for f in story.finding_objects]


def _add_deliveries(story: Story) -> None:
    """Which files the ERP was given, by the manifests that the archive keeps."""
    for path in story.artefacts:
        if path.name.startswith("50-delivered"):
            manifest = json.loads(path.read_bytes())
            names = ", ".join(str(f.get("name")) for f in manifest.get("files", ()))
            folder = path.name.removeprefix("50-delivered-").removesuffix(".json")
            story.facts.append(("delivered to", f"ERP folder {folder}: {names or 'nothing of it was wanted there'}"))
