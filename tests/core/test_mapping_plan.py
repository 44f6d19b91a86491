"""A mapping is checked before it is used: every name it holds is one of the model's."""

from __future__ import annotations

import pytest

from h2h.core.errors import Misconfigured
from h2h.core.mapping.plan import compile_plan

M = 'xmlns:m="urn:h2h:mapping"'


def compiled(body: str, *, parts: str = "", flags: frozenset[str] = frozenset()) -> object:
    mapping = f"<m:mapping {M}>\n{parts}{body}\n</m:mapping>".encode()
    return compile_plan(mapping, b"", "status-report", flags, {"known": ["A"]}, "folder/mapping.xml")


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ('<D><A m:one="no_such_field"/></D>', "StatusReport has no field 'no_such_field'"),
        ('<D><A m:one="__class__"/></D>', "StatusReport has no field '__class__'"),
        ('<D><A m:one="message_id:money"/></D>', "unknown type 'money'"),
        ('<D><A m:one="message_id:Path"/></D>', "unknown type 'Path'"),
        ('<D><A m:one="message_id" m:opt="message_id"/></D>', "only one of one, opt, each"),
        ('<D><A m:opt="message_id" m:lambda="x"/></D>', "unknown annotation lambda"),
        ('<D><A m:use="nothing"/></D>', "there is no part 'nothing'"),
        ('<D><A m:when="no_such_field"/></D>', "has no field 'no_such_field'"),
        ('<D><A m:opt="message_id" m:when="group_status=@unknown"/></D>', "codes.toml has no list 'unknown'"),
        ('<D><A m:set="no_such_field=1"/></D>', "has no field"),
        ('<D><A m:opt="../message_id"/></D>', "no object around"),
        ('<D><A m:each="instructions:InstructionStatus"><B m:opt="message_id"/></A></D>', "InstructionStatus has no"),
        ('<D Ccy="{nothing}"/>', "has no field 'nothing'"),
    ],
)
def test_a_wrong_name_is_refused_with_the_file_and_the_line(body: str, why: str) -> None:
    with pytest.raises(Misconfigured) as raised:
        compiled(body)
    assert why in raised.value.message
    assert raised.value.message.startswith("folder/mapping.xml, line 2, ")


@pytest.mark.parametrize("body", ["", "<A/><B/>"])
def test_a_mapping_holds_one_document(body: str) -> None:
    with pytest.raises(Misconfigured, match="one sample document"):
        compiled(body)


def test_a_mapping_that_is_not_well_formed_is_refused() -> None:
    with pytest.raises(Misconfigured, match="not well-formed"):
        compiled("<D>")


def test_a_mapping_cannot_fetch_or_expand_anything() -> None:
    bomb = (
        b'<!DOCTYPE m [<!ENTITY e SYSTEM "file:///etc/hostname">]><m:mapping ' + M.encode() + b"><D>&e;</D></m:mapping>"
    )
    try:
        plan = compile_plan(bomb, b"", "status-report", frozenset(), {}, "m")
    except Misconfigured:
        return
    assert "hostname" not in repr(plan)
