"""`h2h reason CODE`: what a bank's code means, who acts, may the payment be sent again, where the money is."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from h2h.cli.options import lang_option, own_config_option

if TYPE_CHECKING:
    from h2h.core.answers import BankCode
    from h2h.core.codes import Reason
    from h2h.core.rules.table import Rule

_LISTS = {
    "en": {
        "status": "in a status report",
        "return": "on a return",
        "cancellation": "of a cancellation",
        "recall": "for calling a payment back",
    },
    "zh": {"status": "状态回执", "return": "退回", "cancellation": "撤回答复", "recall": "撤回申请"},
}
_LABELS = {
    "en": ("means", "who acts", "next", "send again?", "money"),
    "zh": ("含义", "处理人", "下一步", "可否重发", "资金状态"),
}
_RULE = {
    "en": (
        ("asks that", "severity", "who acts", "next", "a bank would answer"),
        "a rule of h2h's own",
        ", unless the bank's profile says otherwise",
    ),
    "zh": (("要求", "级别", "处理人", "下一步", "银行的相应代码"), "h2h自身的规则", "，除非银行配置另有规定"),
}
_WHO_ZH = {
    "accounts payable": "应付会计",
    "ERP team": "ERP团队",
    "treasury": "资金部门",
    "system administrator": "系统管理员",
    "bank": "银行",
    "nobody": "无",
}
_RESEND = {
    "en": {
        "yes": "yes, corrected, as a new payment with a new id",
        "new-id-after-confirmation": "only with a new id, after the bank confirms that it was not executed",
        "same-file-after-confirmation": "the same file, after the bank confirms that it never came",
        "never": "never",
        "not-needed": "not needed",
    },
    "zh": {
        "yes": "可以：更正后以新编号作为新付款发送",
        "new-id-after-confirmation": "仅在银行确认未执行后，以新编号发送",
        "same-file-after-confirmation": "银行确认从未收到后，可重发同一文件",
        "never": "不可",
        "not-needed": "无需",
    },
}


@click.command()
@click.argument("code")
@click.option(
    "--list",
    "kind",
    metavar="LIST",
    help="Only of this list: status, return, cancellation, recall, or one of a bank's (cib-payment).",
)
@own_config_option("codes of its own formats are known too")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line, in both languages.")
@lang_option
def reason(code: str, kind: str | None, config: Path | None, lang: str, as_json: bool) -> None:
    """What a bank's reason or status CODE means, and who must act (such as AC04, RJCT, or PAYOUT of a bank's own).

    Rules of h2h's own (H2H-IBAN) are told too: what they ask, and how severe they are.
    Exit status 1 if no list has it.
    """
    from h2h.core import codes
    from h2h.core.rules.table import RULES

    of_banks = _of_banks(config)
    own = [c.as_reason() for c in of_banks if c.code.upper() == code.upper()]
    known = [r for r in (*codes.meanings(code.upper()), *own) if kind in (None, r.list)]
    status = codes.status(code.upper()) if kind is None else None
    rule = RULES.get(code.upper()) if kind is None else None
    if rule is not None:
        _tell_rule(rule, lang, as_json)
        return
    if not known and status is None:
        own_rule = code.upper().startswith("H2H-")
        near = codes.near(code, RULES if own_rule else [c.code for c in of_banks])
        hint = f" Near it: {', '.join(near)}." if near else ""
        ask = (
            "It is none of a bank's."
            if own_rule
            else "Ask the bank what it means; until then nobody knows what became of the payment."
        )
        click.echo(f"No list known here has the code '{code}'.{hint} {ask}", err=True)
        sys.exit(1)
    if as_json:
        for found in known:
            click.echo(json.dumps(found.as_json(), ensure_ascii=False))
        if status is not None:
            click.echo(json.dumps({"list": "payment-status", **asdict(status)}, ensure_ascii=False))
        return
    if status is not None:
        click.echo(f"{status.code}  {status.name}\n  {status.meaning if lang == 'en' else status.meaning_zh}")
    for found in known:
        _print(found, lang)


def _tell_rule(rule: Rule, lang: str, as_json: bool) -> None:
    """A rule of h2h's own, which no bank has said."""
    if as_json:
        told = {"list": "h2h-rule", "code": rule.code, "meaning": rule.title, "severity": str(rule.severity)}
        more = {"who_acts": str(rule.who_acts), "next_step": rule.next_step, "reason": rule.reason, "fixed": rule.fixed}
        click.echo(json.dumps({**told, **more}, ensure_ascii=False))
        return
    labels, kind, unless = _RULE[lang]
    who = _WHO_ZH[rule.who_acts] if lang == "zh" else str(rule.who_acts)
    severity = str(rule.severity) if rule.fixed else f"{rule.severity}{unless}"
    click.echo(f"{rule.code}  ({kind})")
    for label, value in zip(labels, (rule.title, severity, who, rule.next_step, rule.reason), strict=True):
        if value:
            click.echo(f"  {label}: {value}")


def _of_banks(config: Path | None) -> list[BankCode]:
    """The tables of banks with documents of their own."""
    from h2h.cli.configuration import codes_of_banks
    from h2h.core.errors import H2HError

    try:
        settings = None
        if config is not None:
            from h2h.settings import load

            settings = load(config)
        return codes_of_banks(settings)
    except H2HError as problem:
        raise click.ClickException(str(problem)) from problem


def _print(found: Reason, lang: str) -> None:
    from h2h.core.languages import words_of

    zh = lang == "zh"
    values = (
        found.meaning_zh if zh else found.meaning,
        _WHO_ZH[found.who_acts] if zh else str(found.who_acts),
        found.next_step_zh if zh else found.next_step,
        _RESEND[lang][found.resend],
        words_of(lang).money[found.money],
    )
    name = f"{found.name}  " if found.name else ""
    click.echo(f"{found.code}  {name}({_LISTS[lang].get(found.list, found.list)})")
    for label, value in zip(_LABELS[lang], values, strict=True):
        click.echo(f"  {label}: {value}")
