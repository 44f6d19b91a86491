"""The options that many verbs have, each with the same words everywhere."""

from __future__ import annotations

import getpass
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from h2h.cli.login import NOT_A_PERSON, remember

F = TypeVar("F", bound=Callable[..., Any])

DEFAULT_CONFIG = Path("/etc/h2h/h2h.toml")
CONFIG_VARIABLE = "H2H_CONFIG"


def config_option(command: F) -> F:
    """``-c/--config FILE``; default: ``$H2H_CONFIG``, else the place where the installation puts it."""
    return click.option(
        "-c",
        "--config",
        "config",
        type=click.Path(dir_okay=False, path_type=Path),
        envvar=CONFIG_VARIABLE,
        default=DEFAULT_CONFIG,
        show_default=True,
        help=f"The installation's h2h.toml; also from ${CONFIG_VARIABLE}.",
    )(command)


def own_config_option(what: str) -> Callable[[F], F]:
    """``-c/--config FILE`` of a verb that looks at files and needs no installation.

    *what* is used of the one that is named, here or by ``$H2H_CONFIG``; without either the value is None.
    """
    return click.option(
        "-c",
        "--config",
        type=click.Path(exists=True, dir_okay=False, path_type=Path),
        envvar=CONFIG_VARIABLE,
        help=f"The installation's h2h.toml, also from ${CONFIG_VARIABLE}: {what}.",
    )


def json_option(command: F) -> F:
    """``--json``."""
    return click.option("--json", "as_json", is_flag=True, help="One JSON object, for scripts.")(command)


def lang_option(command: F) -> F:
    """``--lang``: headings, the words for states, who acts and what is next. Without it the locale decides."""
    text = "Language of the fixed words; default: zh where the locale says so, else en; JSON is en."
    return click.option("--lang", type=click.Choice(("en", "zh")), default=None, callback=_language, help=text)(command)


def _language(context: click.Context, _option: click.Parameter, value: str | None) -> str:
    """Scripts get the same words whoever runs them; ``json_option`` stands before this one."""
    if value is not None:
        return value
    locale = next(filter(None, map(os.environ.get, ("LC_ALL", "LC_MESSAGES", "LANG"))), "")
    return "zh" if locale.lower().startswith("zh") and not context.params.get("as_json") else "en"


def actor_option(command: F) -> F:
    """``--actor NAME``, by default whoever is logged in (behind sudo, too)."""
    return click.option(
        "--actor", default=None, metavar="NAME", callback=_actor, help="Who decides; default: your login name."
    )(command)


def reason_option(*, required: bool = True) -> Callable[[F], F]:
    """``--reason TEXT``: a decision without a reason cannot be explained later."""
    return click.option(
        "--reason", required=required, metavar="TEXT", callback=_not_blank, help="Why, in words; it is journalled."
    )


def _not_blank(_context: click.Context, _option: click.Parameter, value: str | None) -> str | None:
    if value is not None and not value.strip():
        raise click.BadParameter("a reason has words")
    return value.strip() if value is not None else None


def _actor(context: click.Context, _option: click.Parameter, value: str | None) -> str:
    remember(context)
    name = (value or os.environ.get("SUDO_USER") or getpass.getuser()).strip()
    if not name or name.casefold() in NOT_A_PERSON:
        raise click.BadParameter(f"'{name}' is not a person; give the name of whoever decides")
    return name
