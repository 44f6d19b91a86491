"""The sub-fields of most texts are found by one expression; it must say what the general way says of the same text."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as some

from tests.core.mt94x_files import text_of

# An empty sub-field says nothing, and it is not among those of most texts: with it the general way is taken.
_EMPTY = "?71"
_VALUES = some.one_of(
    some.text("AB1 +/ÄN", max_size=30),
    some.sampled_from(
        (
            *("", " ", "\xff", "EREF+E-1", "EREF+0123456789012345678901", "SVWZ+Invoice 7", "KREF+B 7", "PREF+P"),
            *(
                "IBAN+DE02100100100006820101 NAME",
                "DE02100100100006820101",
                "BREF+S",
                "MREF+M",
                "27 signs, not one more..",
            ),
        )
    ),
)


@some.composite
def _texts(draw: some.DrawFn) -> str:
    keys = draw(some.lists(some.sampled_from((10, *range(20, 35))), min_size=1, unique=True))
    if draw(some.integers(0, 9)):  # most texts have them in order
        keys.sort()
    code = draw(some.sampled_from(("116", "166", "109", "835")))
    text = code + "".join(f"?{key}{draw(_VALUES)}" for key in ("00", *keys))
    width = draw(some.sampled_from((65, 61, 400, 27)))
    return "\n".join(text[at : at + width] for at in range(0, len(text), width))


@given(
    text=_texts(), line=some.sampled_from(("2611191119D1,NTRFNONREF", "2611191119C1,NTRFR-1", "2611191119RC1,NTRFX"))
)
def test_the_usual_sub_fields_say_the_same_in_either_way(text: str, line: str) -> None:
    assert text_of(text, line) == text_of(text + _EMPTY, line)


def test_a_further_text_behind_one_that_was_taken_apart_is_not_lost() -> None:
    made = text_of("116?00TRANSFER?20Invoice 7")
    assert made.additional_information == "TRANSFER"
    made.goes_on("one more")  # type: ignore[attr-defined]
    made.goes_on("?00and another")  # type: ignore[attr-defined]
    assert made.additional_information == "TRANSFER one more ?00and another"
