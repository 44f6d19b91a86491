"""How an error is told that was foreseen: what it is, all findings of a refusal, what to do.

Exit statuses are the contract's: 0 it is so, 1 it is not (one clear message on standard error), 2 the command line is
wrong. A traceback is only ever seen for an error that nobody foresaw.
"""

from __future__ import annotations

import click


def foreseen(problem: BaseException) -> bool:
    """True for what h2h knows how to tell: its own errors, and what the operating system refuses."""
    from h2h.core.errors import H2HError

    return isinstance(problem, H2HError) or (isinstance(problem, OSError) and not isinstance(problem, BrokenPipeError))


def tell(problem: BaseException) -> None:
    """The error in words on standard error: what it is, all findings of a refusal, what to do."""
    from h2h.cli.screen import printable
    from h2h.core.errors import H2HError, Refused

    if isinstance(problem, Refused) and len(problem.findings) > 1:
        for finding in problem.findings:
            click.echo(printable(f"  {finding.where}: {finding.text} [{finding.code}]"), err=True)
    if isinstance(problem, H2HError):
        text, hint = problem.message, problem.hint
        if isinstance(problem, Refused) and hint is None:
            hint = "; ".join(dict.fromkeys(f.next_step for f in problem.findings if f.next_step)) or None
    else:
        text, hint = _of_system(problem), None
    click.echo(click.style("Error: ", fg="red", bold=True) + printable(text, lines=True), err=True)
    if hint:
        click.echo(f"Next: {printable(hint, lines=True)}", err=True)


def _of_system(problem: BaseException) -> str:
    if isinstance(problem, OSError) and problem.strerror:
        return f"{problem.filename}: {problem.strerror}" if problem.filename else problem.strerror
    return str(problem) or type(problem).__name__
