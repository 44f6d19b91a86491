"""`h2h completion`: the script that teaches a shell h2h's commands and options."""

from __future__ import annotations

import click


@click.command()
@click.argument("shell", type=click.Choice(("bash", "zsh", "fish")))
def completion(shell: str) -> None:
    """Print the completion script for SHELL.

    \b
    bash: h2h completion bash > /etc/bash_completion.d/h2h
    zsh:  h2h completion zsh > "${fpath[1]}/_h2h"
    fish: h2h completion fish > ~/.config/fish/completions/h2h.fish
    """
    from click.shell_completion import BashComplete, FishComplete, ShellComplete, ZshComplete

    from h2h.cli.main import main

    kinds: dict[str, type[ShellComplete]] = {"bash": BashComplete, "zsh": ZshComplete, "fish": FishComplete}
    made = kinds[shell](main, {}, "h2h", "_H2H_COMPLETE")
    # click asks bash for its version before it prints; the script itself works from bash 4.4 on.
    click.echo(made.source_template % made.source_vars())
