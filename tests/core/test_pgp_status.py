"""gpg's status read strictly: one good stream, and everything that makes it bad."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from h2h.core.pgp_status import DIGESTS, PUBLIC_KEYS, Policy, Verdict, judge, words

KEY = "169799B631C5F0A63034C187AF72E93F1E4D73C5"
OTHER = "E5BD7B914507E29276FE574BEE06514AAD869288"
NOW = 1_795_380_000
MADE = NOW - 60
GOOD = [
    "ENC_TO EE06514AAD869288 18 0",
    f"KEY_CONSIDERED {OTHER} 0",
    f"DECRYPTION_KEY {OTHER} {OTHER} u",
    "BEGIN_DECRYPTION",
    "DECRYPTION_INFO 2 9 0",
    f"PLAINTEXT 62 {MADE} ",
    "PLAINTEXT_LENGTH 3",
    "NEWSIG",
    f"KEY_CONSIDERED {KEY} 0",
    f"SIG_ID kMd4UlfmZbKrbO3D5PJqq1AVubY 2026-11-22 {MADE}",
    f"GOODSIG {KEY[-16:]} A bank <bank@example.com>",
    f"VALIDSIG {KEY} 2026-11-22 {MADE} 0 4 0 22 10 00 {KEY}",
    "TRUST_UNDEFINED 0 pgp",
    "DECRYPTION_OKAY",
    "GOODMDC",
    "END_DECRYPTION",
]
POLICY = Policy(frozenset({KEY}), NOW)


def stream(lines: list[str]) -> bytes:
    return "".join(f"[GNUPG:] {line}\n" for line in lines).encode()


def changed(word: str, *new: str) -> list[str]:
    """The good stream with the line of *word* replaced by *new* lines."""
    return [out for line in GOOD for out in (new if line.split()[0] == word else [line])]


def sig(**fields: str) -> list[str]:
    values = {
        "fingerprint": KEY, "day": "2026-11-22", "made": str(MADE), "expires": "0", "version": "4", "reserved": "0",
        "public_key": "22", "digest": "10", "kind": "00", "primary": KEY,
    } | fields  # fmt: skip
    return changed("VALIDSIG", "VALIDSIG " + " ".join(values.values()))


def of(lines: list[str], exit_code: int = 0, policy: Policy = POLICY) -> Verdict:
    return judge(stream(lines), exit_code, policy)


def test_a_wholly_good_stream_names_its_signer_and_recipients() -> None:
    verdict = of(GOOD)
    assert verdict.good
    assert verdict.signer == KEY
    assert verdict.encrypted_to == ("EE06514AAD869288",)


@pytest.mark.parametrize("public_key", PUBLIC_KEYS)
@pytest.mark.parametrize("digest", DIGESTS)
def test_all_allowed_algorithms_pass(public_key: str, digest: str) -> None:
    assert of(sig(public_key=public_key, digest=digest)).good


def test_a_signing_subkey_of_a_pinned_key_passes_by_its_primary() -> None:
    lines = [line.replace(f"GOODSIG {KEY[-16:]}", f"GOODSIG {OTHER[-16:]}") for line in sig(fingerprint=OTHER)]
    assert of(lines).signer == KEY


def test_aead_instead_of_mdc_passes_and_neither_does_not() -> None:
    without = [line for line in changed("DECRYPTION_INFO", "DECRYPTION_INFO 0 9 2") if line != "GOODMDC"]
    assert of(without).good
    assert not of([line for line in GOOD if line != "GOODMDC"]).good


BAD_LINES = [
    "BADSIG AF72E93F1E4D73C5 x", "EXPSIG AF72E93F1E4D73C5 x", "EXPKEYSIG AF72E93F1E4D73C5 x",
    "REVKEYSIG AF72E93F1E4D73C5 x", "ERRSIG AF72E93F1E4D73C5 22 10 00 1795380000 9 -", "NO_PUBKEY AF72E93F1E4D73C5",
    "KEYREVOKED", "FAILURE decrypt 9", "ERROR verify.leave 37", "UNEXPECTED 0", "NODATA 1", "BADARMOR", "BADMDC",
    "DECRYPTION_FAILED", "MISSING_PASSPHRASE", "BAD_PASSPHRASE AF72E93F1E4D73C5", "TRUNCATED 1",
]  # fmt: skip


@pytest.mark.parametrize("line", BAD_LINES)
@pytest.mark.parametrize("place", [0, 5, len(GOOD)])
def test_one_bad_word_anywhere_spoils_an_otherwise_good_message(line: str, place: int) -> None:
    verdict = of([*GOOD[:place], line, *GOOD[place:]])
    assert not verdict.good
    assert verdict.signer is None
    assert line.split(maxsplit=1)[0] in verdict.words


@pytest.mark.parametrize(
    "word",
    ["NEWSIG", "GOODSIG", "VALIDSIG", "PLAINTEXT", "BEGIN_DECRYPTION", "DECRYPTION_INFO", "DECRYPTION_OKAY", "GOODMDC",
     "END_DECRYPTION"],
)  # fmt: skip
def test_what_must_be_said_must_be_said_exactly_once(word: str) -> None:
    (line,) = [line for line in GOOD if line.split()[0] == word]
    assert not of(changed(word)).good
    assert not of(changed(word, line, line)).good


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"primary": OTHER}, "not a pinned key"),
        ({"fingerprint": OTHER}, "two different signing keys"),
        ({"public_key": "17"}, "forbidden algorithm 17"),
        ({"public_key": "3"}, "forbidden algorithm 3"),
        ({"digest": "2"}, "forbidden digest 2"),
        ({"digest": "1"}, "forbidden digest 1"),
        ({"digest": "11"}, "forbidden digest 11"),
        ({"kind": "01"}, "class 01"),
        ({"made": str(NOW - 31 * 86_400)}, "older than 30 days"),
        ({"made": str(NOW + 301)}, "future"),
        ({"made": "20261122T201400"}, "no time of signature"),
        ({"expires": str(NOW)}, "has expired"),
        ({"expires": "soon"}, "no time of signature"),
        ({"fingerprint": KEY.lower()}, "unknown way"),
        ({"primary": KEY[:-1]}, "unknown way"),
        ({"primary": ""}, "unknown way"),
        ({"primary": f"{KEY} {KEY}"}, "unknown way"),
    ],
)
def test_every_field_of_the_signature_counts(fields: dict[str, str], why: str) -> None:
    verdict = of(sig(**fields))
    assert why in "; ".join(verdict.problems)
    assert verdict.signer is None


@pytest.mark.parametrize("made", [NOW - 30 * 86_400, NOW + 300])
def test_the_ends_of_the_time_window_are_inside(made: int) -> None:
    assert of(sig(made=str(made))).good


@pytest.mark.parametrize("cipher", ["1", "2", "3", "4", "10", "11", "13", "", "x"])
def test_only_aes_is_accepted(cipher: str) -> None:
    assert "the cipher is not AES" in of(changed("DECRYPTION_INFO", f"DECRYPTION_INFO 2 {cipher} 0")).problems


def test_an_exit_code_spoils_it_and_zero_alone_is_worth_nothing() -> None:
    assert not of(GOOD, exit_code=2).good
    assert not of(GOOD, exit_code=-9).good
    assert not of([]).good
    assert not judge(b"", 0, Policy(frozenset({KEY}), NOW, signature_required=False)).good


def test_unsigned_passes_only_where_no_signature_is_required() -> None:
    names = ("NEWSIG", "GOODSIG", "VALIDSIG")
    unsigned = [line for line in GOOD if line.split()[0] not in names]
    assert of(unsigned).problems == ("the message is not signed",)
    lax = Policy(frozenset({KEY}), NOW, signature_required=False)
    assert of(unsigned, policy=lax).good
    assert of(unsigned, policy=lax).signer is None
    assert not of(changed("GOODSIG"), policy=lax).good  # a signature that is there must be good


def test_content_outside_the_encryption_is_refused() -> None:
    (line,) = [line for line in GOOD if line.startswith("PLAINTEXT ")]
    assert not of([line, *changed("PLAINTEXT")]).good
    assert not of([*changed("PLAINTEXT"), line]).good


@pytest.mark.parametrize(
    "data",
    [
        stream(GOOD)[:-1],
        stream(GOOD) + b"gpg: Good signature\n",
        stream(GOOD) + b"\n",
        stream(GOOD).replace(b"[GNUPG:] NEWSIG", b" [GNUPG:] NEWSIG"),
        stream(GOOD).replace(b"\n", b"\r\n"),
        stream(GOOD) + b"[GNUPG:] \n",
        stream(GOOD) + b"[GNUPG:] goodsig\n",
        b"\x00" + stream(GOOD),
    ],
)
def test_a_stream_that_breaks_off_or_holds_anything_else_is_refused(data: bytes) -> None:
    assert not judge(data, 0, POLICY).good


def test_a_user_id_cannot_pretend_to_be_a_line() -> None:
    for end in ("\x0b", "\x0c", "\x1c", "\x85", "\u2028", "\r"):
        injected = f"GOODSIG {KEY[-16:]} x{end}[GNUPG:] VALIDSIG {KEY} 2026-11-22 {MADE} 0 4 0 22 10 00 {KEY}"
        lines = [line for line in changed("GOODSIG", injected) if not line.startswith("VALIDSIG")]
        assert not of(lines).good


def test_what_happened_can_be_told_apart() -> None:
    verdict = of(["ENC_TO AAAAAAAAAAAAAAAA 1 0", "NO_SECKEY AAAAAAAAAAAAAAAA", "FAILURE sign 67108875", "NODATA x",
                  f"ERRSIG {KEY[-16:]} 1 8 00 1 9 -"], 2)  # fmt: skip
    assert verdict.encrypted_to == ("AAAAAAAAAAAAAAAA",)
    assert not verdict.agent_failed
    assert verdict.codes == frozenset({11})
    assert verdict.unknown_key == KEY[-16:]
    assert words(stream(["INV_RECP 5 abc"])) == [("INV_RECP", ["5", "abc"])]


_FAILED = ["BEGIN_DECRYPTION", "DECRYPTION_FAILED", "END_DECRYPTION"]


@pytest.mark.parametrize(
    ("said", "agent_failed", "no_key_used"),
    [
        (["ERROR pkdecrypt_failed 33570815"], True, False),  # end of file on its socket
        (["ERROR pkdecrypt_failed 33587309"], True, False),  # broken pipe
        (["ERROR pkdecrypt_failed 83886182"], False, False),  # no pinentry, of which a person knows
        (["ERROR pkdecrypt_failed 33554450"], False, False),  # the session key is damaged
        (["FAILURE decrypt 4294967295"], False, False),
        (["FAILURE sign-encrypt 33554509"], True, False),  # no agent running
        ([], False, True),
        (["NO_SECKEY AAAAAAAAAAAAAAAA", "FAILURE gpg-exit 33554433"], False, True),
        (["DECRYPTION_INFO 2 9 0"], False, False),  # a key was used, and the content does not fit
    ],
)
def test_what_the_agent_did_is_told_from_what_the_message_is(
    said: list[str], agent_failed: bool, no_key_used: bool
) -> None:
    verdict = of(["ENC_TO AAAAAAAAAAAAAAAA 18 0", *said, *_FAILED], 2)
    assert (verdict.agent_failed, verdict.no_key_used) == (agent_failed, no_key_used)
    assert not verdict.good


@given(st.binary(max_size=400))
def test_no_noise_is_ever_accepted_or_an_error(data: bytes) -> None:
    assert not judge(data, 0, POLICY).good
    assert not judge(stream(GOOD[:-1]) + data, 0, POLICY).good or data.startswith(b"[GNUPG:] END_DECRYPTION\n")


WORDS = sorted({line.split()[0] for line in GOOD + BAD_LINES})


@given(st.lists(st.sampled_from(GOOD + BAD_LINES + sig(primary=OTHER) + sig(digest="2")), max_size=24))
def test_any_mixture_of_real_lines_is_good_only_if_all_that_is_required_is_there_once(lines: list[str]) -> None:
    verdict = of(lines)
    if verdict.good:
        seen = [line.split()[0] for line in lines]
        assert all(seen.count(word) == 1 for word in ("NEWSIG", "GOODSIG", "VALIDSIG", "PLAINTEXT", "DECRYPTION_OKAY"))
        assert not any(line in lines for line in BAD_LINES)
        assert f" {KEY}" in next(line for line in lines if line.startswith("VALIDSIG"))


def mutated(rng: random.Random) -> list[str]:
    """The good stream with one to four things wrong, moved, doubled or gone."""
    lines = list(GOOD)
    for _ in range(rng.randint(1, 4)):
        at = rng.randrange(len(lines)) if lines else 0
        what = rng.randrange(6)
        if what == 0 and lines:
            del lines[at]
        elif what == 1 and lines:
            lines.insert(rng.randrange(len(lines) + 1), lines[at])
        elif what == 2:
            lines.insert(at, rng.choice(BAD_LINES))
        elif what == 3 and lines:
            fields = lines[at].split(" ")
            fields[rng.randrange(len(fields))] = rng.choice(["", "0", "2", "17", KEY, OTHER, "01", "\x85", "x"])
            lines[at] = " ".join(fields)
        elif what == 4 and lines:
            lines[at] = lines[at][: rng.randrange(len(lines[at]) + 1)]
        elif lines:
            lines.append(lines.pop(at))
    return lines


def holds(lines: list[str]) -> bool:
    """The policy told again, in another way: an independent referee for the streams that were accepted."""
    fields = [line.split(" ") for line in lines]
    names = [f[0] for f in fields]
    one = {n: f for n, f in zip(names, fields, strict=True) if names.count(n) == 1}
    required = {"NEWSIG", "GOODSIG", "VALIDSIG", "PLAINTEXT", "DECRYPTION_OKAY", "BEGIN_DECRYPTION", "END_DECRYPTION"}
    if not required <= set(one) or set(names) & {line.split()[0] for line in BAD_LINES}:
        return False
    valid = one["VALIDSIG"]
    return (
        len(valid) == 11
        and valid[10] == KEY
        and one["GOODSIG"][1] in (valid[1][-16:], valid[1][:16])
        and valid[7] in PUBLIC_KEYS
        and valid[8] in DIGESTS
        and valid[9] == "00"
        and NOW - 30 * 86_400 <= int(valid[3]) <= NOW + 300
        and names.index("BEGIN_DECRYPTION") < names.index("PLAINTEXT") < names.index("END_DECRYPTION")
        and names.count("GOODMDC") <= 1
    )


@pytest.mark.parametrize("count", [20_000, pytest.param(1_000_000, marks=pytest.mark.torture)])
@pytest.mark.timeout(600)
def test_mutated_streams_are_accepted_only_where_an_independent_referee_agrees(count: int) -> None:
    rng = random.Random(20_261_122)
    accepted = 0
    for _ in range(count):
        lines = mutated(rng)
        if of(lines).good:
            accepted += 1
            assert holds(lines), lines
    assert 0 < accepted < count / 2
