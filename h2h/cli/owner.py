"""Whose rights a command works with: those of the user to whom the installation's state belongs."""

from __future__ import annotations

import os
import pwd
from pathlib import Path

from h2h.cli.to_type import again

#: What the installation's owner must be able to read, or nothing more can be imported as that user.
PROGRAM: tuple[Path, ...] = (Path(os.__file__), Path(__file__))


def become_owner(state: Path) -> None:
    """Root works as the owner of the state directory: a file of root's in it would stop the daemon later.

    Anybody else who may not use it is told so at once, not by the first file that cannot be opened.
    """
    from h2h.core.errors import Misconfigured

    try:
        owner = state.stat().st_uid
    except OSError:
        return  # not made yet, or not visible: what opens it says so
    if os.geteuid() == 0 and owner != 0:
        try:
            account = pwd.getpwuid(owner)
        except KeyError as problem:
            raise Misconfigured(f"{state} belongs to uid {owner}, which is no user of this machine") from problem
        os.initgroups(account.pw_name, account.pw_gid)
        os.setgid(account.pw_gid)
        os.setuid(account.pw_uid)
        os.environ["HOME"] = account.pw_dir
        for program in PROGRAM:
            if not os.access(program, os.R_OK):
                raise Misconfigured(
                    f"user '{account.pw_name}', to whom {state} belongs, may not read h2h's program ({program})",
                    hint="install h2h where that user can read it",
                )
    elif not os.access(state, os.R_OK | os.W_OK | os.X_OK):
        text = f"this installation belongs to {_user(owner)}, you are {_user(os.geteuid())}"
        raise Misconfigured(text, hint=f"type: {again('sudo')}")


def _user(uid: int) -> str:
    try:
        return f"user '{pwd.getpwuid(uid).pw_name}'"
    except KeyError:
        return f"uid {uid}"
