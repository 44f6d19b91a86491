"""docs/command-line.md says what the commands have: every verb, every option, no others."""

import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from h2h.cli.main import VERBS, main

EVERYWHERE = {"-h", "--help", "-c", "--config", "--json", "--lang", "--reason", "--actor"}


@pytest.fixture(scope="module")
def page(root: Path) -> str:
    return (root / "docs" / "command-line.md").read_text(encoding="utf-8")


def _section(page: str, verb: str) -> str:
    found = re.search(rf"^(##+) h2h {verb}\n(.*?)(?=^##|\Z)", page, re.MULTILINE | re.DOTALL)
    assert found is not None, f"no heading for h2h {verb}"
    return found[2]


def _commands(verb: str) -> Iterator[click.Command]:
    command = main.get_command(click.Context(main), verb)
    assert command is not None
    if isinstance(command, click.Group):
        yield from command.commands.values()
    else:
        yield command


@pytest.mark.parametrize("verb", VERBS)
def test_every_option_of_a_command_stands_in_its_section(page: str, verb: str) -> None:
    section = _section(page, verb)
    missing = {
        name
        for command in _commands(verb)
        for option in command.params
        if isinstance(option, click.Option) and not option.hidden
        for name in (*option.opts, *option.secondary_opts)
        if name not in EVERYWHERE and not re.search(rf"{re.escape(name)}\b", section)
    }
    assert missing == set()


@pytest.mark.parametrize("verb", VERBS)
def test_a_section_names_no_option_that_its_command_does_not_have(page: str, verb: str) -> None:
    options = {o for command in _commands(verb) for p in command.params for o in (*p.opts, *p.secondary_opts)}
    named = set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", _section(page, verb)))
    assert named - options - EVERYWHERE == set()


@pytest.mark.parametrize("verb", VERBS)
def test_every_subcommand_stands_in_its_section(page: str, verb: str) -> None:
    command = main.get_command(click.Context(main), verb)
    if isinstance(command, click.Group):
        assert [name for name in command.commands if f"h2h {verb} {name}" not in _section(page, verb)] == []
