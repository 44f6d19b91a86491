"""EBCDIC: which encodings are of that family, and the two national ones with a euro sign that Python does not bring.

IBM's code pages 1141 and 1148 are 273 (German) and 500 (international) with the euro at 0x9F, where those have the
general currency sign.
"""

from __future__ import annotations

import codecs
from typing import Any

_WITH_EURO = {"cp1141": "cp273", "cp1148": "cp500"}


def is_ebcdic(encoding: str) -> bool:
    """Whether digits stand at 0xF0 to 0xF9."""
    return "0".encode(encoding) == b"\xf0"


def _found(name: str) -> codecs.CodecInfo | None:
    base = _WITH_EURO.get(name)
    if base is None:
        return None
    table = bytes(range(256)).decode(base).replace("¤", "€")
    back = {ord(character): byte for byte, character in enumerate(table)}

    def encode(text: str, errors: str = "strict") -> tuple[bytes, int]:
        return codecs.charmap_encode(text, errors, back)

    def decode(data: Any, errors: str = "strict") -> tuple[str, int]:
        return codecs.charmap_decode(data, errors, table)

    class Decoder(codecs.IncrementalDecoder):
        def decode(self, data: Any, final: bool = False) -> str:
            return codecs.charmap_decode(data, self.errors, table)[0]

    return codecs.CodecInfo(encode, decode, name=name, incrementaldecoder=Decoder)


codecs.register(_found)
