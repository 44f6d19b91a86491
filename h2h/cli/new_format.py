"""A new format folder on disk: card, starting mapping, the sample as its first golden, and a README to fill in."""

from __future__ import annotations

import re
from pathlib import Path

from h2h.core.errors import Refused
from h2h.core.findings import WhoActs, error
from h2h.core.mapping.draft import Draft, draft_of
from h2h.core.mapping.own_draft import is_own, own_card, own_draft_of

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9.\-]*")


def new_folder(id_: str, sample: Path, kind: str, record: str | None, directory: Path) -> tuple[Path, Draft]:
    """The folder and what was drawn. ``Refused`` if the sample shows nothing; ``OSError`` if it cannot be made."""
    if not _ID.fullmatch(id_):
        raise Refused([error("H2H-NAME", "ID", f"{id_!r} is no id: letters, digits, dots, dashes", WhoActs.NOBODY)])
    data = sample.read_bytes()
    if is_own(data):
        draft = own_draft_of(data, kind, record)
        card = own_card(id_, kind, draft, data, "mapping.xml")
    else:
        draft = draft_of(data, kind, record)
        card = _card(id_, kind, draft)
    folder = directory / id_
    (folder / "golden").mkdir(parents=True, exist_ok=False)
    (folder / "format.toml").write_text(card, "utf-8")
    (folder / "mapping.xml").write_text(draft.mapping, "utf-8")
    (folder / "golden" / f"sample{sample.suffix or '.xml'}").write_bytes(data)
    (folder / "README.md").write_text(_readme(id_, sample), "utf-8")
    return folder, draft


def _card(id_: str, kind: str, draft: Draft) -> str:
    namespace = draft.namespace or ""
    about = "" if namespace else "# The sample has no namespace: its version is unknown, and it is never sound.\n"
    return (
        f'{about}kind = "{kind}"\ntitle = "{id_}"\nroots = ["{draft.root}"]\n\n[[card]]\nid = "{id_}"\n'
        f'namespace = "{namespace}"\n'
        "# The file that `h2h schema add` installed; without a schema a format is read, and never sent.\n"
        'schema = ""\n# writes = true, once `h2h format check` shows that what is written reads back.\n'
    )


def _readme(id_: str, sample: Path) -> str:
    return (
        f"# {id_}\n\nDrawn from `{sample.name}`. Say here in ten lines what the bank's manual says of each oddity.\n\n"
        "- Source: which manual, which version, which page.\n"
        "- What stands in `golden/` must hold no real names or accounts.\n"
    )
