"""The codecs that a format's card may name (``codec = "mt94x"``): code for what no annotated sample can express.

A format folder stays data: it names one of these, and holds its own goldens and code tables.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from h2h.core.codecs.bai2 import Bai2
from h2h.core.codecs.cfonb120 import Cfonb120
from h2h.core.codecs.client_bank_1c import ClientBank1C
from h2h.core.codecs.finsta01 import Finsta01
from h2h.core.codecs.mt94x import Mt94x
from h2h.core.codecs.mt101 import Mt101
from h2h.core.codecs.multicash import MultiCash
from h2h.core.codecs.pexr2002 import Pexr2002
from h2h.core.codecs.statement_1c import Statement1C
from h2h.core.format import Card, Codec

#: The name in ``format.toml`` → what makes the codec of one card (its id and flags choose the variant).
CODECS: Mapping[str, Callable[[Card], Codec]] = {
    "bai2": Bai2,
    "cfonb120": Cfonb120,
    "client-bank-1c": ClientBank1C,
    "finsta01": Finsta01,
    "mt101": Mt101,
    "mt94x": Mt94x,
    "multicash": MultiCash,
    "pexr2002": Pexr2002,
    "statement-1c": Statement1C,
}
