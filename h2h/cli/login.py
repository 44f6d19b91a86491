"""Who is at the keyboard, where it matters that it is not only a name that was typed."""

from __future__ import annotations

import os
import pwd
from pathlib import Path

import click

#: The kernel's record of who logged in, kept through sudo and su.
LOGIN_UID = Path("/proc/self/loginuid")
_NOBODY_LOGGED_IN = 2**32 - 1
_LOGIN = "h2h.login"
#: These names stand in the journal for the program and the bank; a person needs another.
NOT_A_PERSON = frozenset({"h2h", "bank"})


def remember(context: click.Context) -> None:
    """Now: later this process works with another user's rights."""
    context.meta[_LOGIN] = _login_name()


def must_be_the_login(actor: str) -> None:
    """Where two people must decide, a name that is typed is not enough. ``Misconfigured`` says whose log-in it is."""
    from h2h.core.errors import Misconfigured

    login = click.get_current_context().meta[_LOGIN]
    if login.casefold() in NOT_A_PERSON or login.casefold() != actor.casefold():
        raise Misconfigured(
            f"who decides this matters, and a name that is typed is not enough; this is '{login}', not '{actor}'",
            hint="log in as yourself and use sudo; leave --actor out",
        )


def _login_name() -> str:
    """Whose log-in this process comes from, as far as the machine knows: sudo and su do not change the kernel's word.

    Where the kernel was not told (no pam_loginuid), sudo's word counts to root, else the user of the process.
    """
    try:
        uid = int(LOGIN_UID.read_text())
    except (OSError, ValueError):
        uid = _NOBODY_LOGGED_IN
    if uid == _NOBODY_LOGGED_IN:
        if os.geteuid() == 0 and os.environ.get("SUDO_USER"):
            return os.environ["SUDO_USER"]
        uid = os.getuid()
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"uid {uid}"
