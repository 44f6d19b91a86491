"""The PGP seal of one bank: sign and encrypt, then open our own work as the bank would; the reverse on the way back."""

from __future__ import annotations

import hashlib
import secrets
import shutil
import stat
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from h2h.adapters import files
from h2h.adapters.gpg import checks
from h2h.adapters.gpg.driver import Gpg, Run, agent_gone
from h2h.adapters.gpg.keyring import Key, keys_of
from h2h.core.errors import H2HError, Misconfigured, OutOfSpace, Untrusted
from h2h.core.findings import Finding
from h2h.core.pgp_packets import HEAD_BYTES, SYMMETRIC_KEY_ENCRYPTED, armored, session_key_packets
from h2h.core.pgp_status import Policy, Verdict, judge, words
from h2h.ports import OpenReport, SealReport
from h2h.settings.bank import PgpSeal

#: Files that are sealed or opened at the same time: more would only wait for each other's gpg.
AT_ONCE = 2
_BAD_PASSPHRASE, _NO_PASSPHRASE = {11}, {31, 58, 99, 177}  # libgpg-error: 11 bad; 31 no data, 99 cancelled …


def _system_now() -> datetime:
    return datetime.now(UTC)


class PgpSealer:
    """``ports.Sealer`` over gpg. *passphrase* is that of our key; None if gpg-agent or a smart card needs none.

    *bytes_max* bounds what a message may decompress to. Each run of gpg has *timeout_seconds*. Keyring and agent are
    looked at when first needed: an installation with a missing key starts, and says so in ``check``.
    """

    def __init__(
        self,
        settings: PgpSeal,
        passphrase: str | None,
        *,
        bytes_max: int = 200_000_000,
        timeout_seconds: float = 120.0,
        now: Callable[[], datetime] = _system_now,
    ) -> None:
        self._settings = settings
        self._passphrase = passphrase
        self._bytes_max = bytes_max
        self._now = now
        self._gpg = Gpg(settings.keyring, timeout_seconds)
        self._turns = threading.BoundedSemaphore(AT_ONCE)
        self._own = settings.own_fingerprint.upper()
        self._bank_encryption = tuple(f.upper() for f in settings.bank_encryption_fingerprints)
        self._bank_signing = frozenset(f.upper() for f in settings.bank_signing_fingerprints)

    def seal(self, plain: Path, sealed: Path) -> SealReport:
        """Make *sealed*, verified as the bank would. ``Untrusted``, ``Misconfigured`` (key missing, expired),

        ``Unavailable`` (no answer from gpg), ``OutOfSpace``. *sealed* exists only if all was verified.

        The message is first encrypted to a throw-away passphrase, too. With it the very bytes that the bank will
        decrypt are decrypted here, signature and content are compared, and then that one packet is taken away.
        """
        with self._turns, self._work(sealed.parent) as work:
            recipients = self._ready_to_seal()
            throw_away = self._passphrase or secrets.token_urlsafe(32)
            raw = work / "raw"
            fingerprints = [key.fingerprint for key in recipients]
            with _reading(plain) as source:
                run = self._gpg.encrypt(source, raw, signer=self._own, recipients=fingerprints, passphrase=throw_away)
            if run.exit_code != 0 or not raw.exists():
                raise self._sealing_failed(run)
            self._verify(raw, plain, throw_away)
            final = work / "final"
            _without_passphrase(raw, final, recipients)
            if self._settings.armor:
                files.replace(sealed, armored(final.read_bytes()))
            else:
                files.replace(sealed, final)
            warnings = checks.expiring(self._own, recipients, self._keys([self._own], secret=True), self._now())
            return SealReport(signed_by=self._own, encrypted_to=tuple(fingerprints), warnings=tuple(warnings))

    def open(self, sealed: Path, plain: Path) -> OpenReport:
        """Decrypt and verify into *plain*, which exists only if all is good. ``Untrusted``, ``Misconfigured``.

        ``Unavailable`` and ``OutOfSpace`` say nothing about the message: it is tried again.
        """
        with self._turns, self._work(plain.parent) as work:
            content = work / "content"
            with _reading(sealed) as source:
                run = self._gpg.decrypt(source, content, passphrase=self._passphrase, bytes_max=self._bytes_max)
            verdict = judge(run.status, run.exit_code, self._policy(self._bank_signing))
            if not verdict.good:
                raise self._refusal(verdict, run)
            self._forbid_weak_signer(verdict)
            files.replace(plain, content)
            warnings = [] if verdict.signer else [checks.unsigned(sealed.name)]
            return OpenReport(signed_by=verdict.signer, warnings=tuple(warnings))

    def check(self) -> list[Finding]:
        """Keys that are missing, expired or soon will be; a keyring that others may read."""
        with self._turns:
            try:
                own = self._keys([self._own], secret=True, anew=True)
                bank = self._keys([*self._bank_encryption, *self._bank_signing], secret=False, anew=True)
            except OutOfSpace as problem:
                return [checks.no_room(str(self._settings.keyring), problem.message)]
            except H2HError as problem:
                return [checks.unusable(str(self._settings.keyring), str(problem))]
            return checks.keyring(self._settings, own, bank, self._now())

    def close(self) -> None:
        """End the agent that was started for this keyring."""
        for _ in range(AT_ONCE):  # whoever still works finishes first
            self._turns.acquire()
        try:
            self._gpg.close()
        finally:
            for _ in range(AT_ONCE):
                self._turns.release()

    # -- sealing

    def _ready_to_seal(self) -> list[Key]:
        """The bank's usable keys; ``Misconfigured`` in words if our key or all of theirs cannot be used."""
        own = self._keys([self._own], secret=True)
        fault = checks.own_fault(self._own, own)
        if fault is not None:
            raise Misconfigured(fault, hint="the system administrator renews or imports the key")
        bank = self._keys(self._bank_encryption, secret=False)
        usable = [
            key for key in bank if key.fingerprint in self._bank_encryption and checks.bank_fault(key, "e") is None
        ]
        if not usable:
            faults = "; ".join(checks.bank_faults(self._bank_encryption, bank, "e"))
            raise Misconfigured(
                f"no key of the bank can be used for encryption: {faults}",
                hint="the system administrator asks the bank for its present key",
            )
        return usable

    def _verify(self, raw: Path, plain: Path, throw_away: str) -> None:
        digest, size = hashlib.sha256(), 0

        def take(data: bytes) -> None:
            nonlocal size
            size += len(data)
            digest.update(data)

        expected = files.digest(plain)
        limit = expected[0] + 1
        with _reading(raw) as source:
            run = self._gpg.decrypt(source, None, passphrase=throw_away, bytes_max=limit, on_data=take)
        verdict = judge(run.status, run.exit_code, self._policy(frozenset({self._own})))
        if verdict.agent_failed:
            raise agent_gone()
        if not verdict.good or verdict.signer is None:
            raise Untrusted(f"our own seal did not stand the bank's check: {'; '.join(verdict.problems)}")
        if (size, digest.hexdigest()) != expected:
            raise Untrusted("our own seal holds other content than the file that was to be sealed")

    def _sealing_failed(self, run: Run) -> H2HError:
        verdict = judge(run.status, run.exit_code, self._policy(frozenset()))
        wrong = self._wrong_passphrase(verdict)
        if wrong is not None:
            return wrong
        if verdict.agent_failed:
            return agent_gone()
        for word, fields in words(run.status):
            if word == "INV_RECP":
                return Misconfigured(f"gpg does not encrypt to {fields[-1]}", hint="look at the bank's key: h2h check")
            if word == "INV_SGNR":
                return Misconfigured(f"gpg does not sign with {fields[-1]}", hint="look at our own key: h2h check")
        return Misconfigured(f"gpg could not seal: {_last_words(run)}", hint="h2h check tells about the keys")

    # -- opening

    def _refusal(self, verdict: Verdict, run: Run) -> H2HError:
        """``Untrusted`` only if gpg could judge the message.

        ``Misconfigured`` if the installation must be mended first, ``Unavailable`` if gpg-agent failed it.
        """
        wrong = self._wrong_passphrase(verdict)
        if wrong is not None:
            return wrong
        if verdict.agent_failed:
            return agent_gone()
        if verdict.no_key_used:
            own = [key for key in self._keys([self._own], secret=True, anew=True) if key.fingerprint == self._own]
            if not own:
                return Misconfigured(
                    f"our own secret key {self._own} is not in {self._settings.keyring}",
                    hint="the system administrator imports it; then the file is opened",
                )
            if any(part.key_id in verdict.encrypted_to for key in own for part in key.parts):
                return agent_gone()  # it is for a key that is there, and gpg says nothing against it
        if verdict.unknown_key is not None:
            present = {key.fingerprint for key in self._keys(sorted(self._bank_signing), secret=False)}
            missing = [f for f in sorted(self._bank_signing - present) if verdict.unknown_key in (f, f[-16:], f[:16])]
            if missing:
                return Misconfigured(
                    f"the bank's pinned signing key {missing[0]} is not in {self._settings.keyring}",
                    hint="the system administrator imports it; then the file is opened",
                )
        if "exceeded" in run.said and "max-output" in run.said:
            return Untrusted(f"the message unpacks to more than {self._bytes_max} bytes")
        return Untrusted("; ".join(verdict.problems))

    def _wrong_passphrase(self, verdict: Verdict) -> Misconfigured | None:
        if "BAD_PASSPHRASE" in verdict.words or verdict.codes & _BAD_PASSPHRASE:
            return Misconfigured("the passphrase of our PGP key is wrong", hint="correct the secret, then reload h2h")
        if "MISSING_PASSPHRASE" in verdict.words or verdict.codes & _NO_PASSPHRASE:
            return Misconfigured("our PGP key needs a passphrase, and none is configured", hint="set seal.passphrase")
        return None

    def _forbid_weak_signer(self, verdict: Verdict) -> None:
        for key in self._keys([verdict.signer] if verdict.signer else [], secret=False):
            weak = key.weakness("s")
            if weak is not None and weak[0]:
                raise Untrusted(f"the bank's signing key {key.fingerprint} is {weak[1]}")

    # -- helpers

    def _keys(self, fingerprints: list[str] | tuple[str, ...], *, secret: bool, anew: bool = False) -> list[Key]:
        if not fingerprints:
            return []
        listing = self._gpg.list_keys(fingerprints, secret=secret, anew=anew)
        return list(keys_of(listing, int(self._now().timestamp())))

    def _policy(self, signers: frozenset[str]) -> Policy:
        return Policy(signers, int(self._now().timestamp()), self._settings.signatures_required)

    @contextmanager
    def _work(self, directory: Path) -> Iterator[Path]:
        """A private directory beside the result; whatever happens, nothing of it stays."""
        with files.in_words("work in", directory):
            work = Path(tempfile.mkdtemp(prefix=files.TEMPORARY_PREFIX, dir=directory))
            work.chmod(stat.S_IRWXU)
        try:
            yield work
        finally:
            shutil.rmtree(work, ignore_errors=True)


@contextmanager
def _reading(path: Path) -> Iterator[BinaryIO]:
    with files.in_words("read", path):
        fd = files.open_regular(path)
    with open(fd, "rb") as source:
        yield source


def _without_passphrase(raw: Path, final: Path, recipients: list[Key]) -> None:
    """Copy the message without its passphrase packet; ``Untrusted`` unless it is for *recipients* and no one else."""
    with raw.open("rb") as source, final.open("xb") as target:
        head = source.read(HEAD_BYTES)
        try:
            packets, start = session_key_packets(head)
        except ValueError as problem:
            raise Untrusted(f"gpg made a message of unknown shape: {problem}") from problem
        for packet in packets:
            if packet.tag != SYMMETRIC_KEY_ENCRYPTED:
                target.write(head[packet.start : packet.end])
        source.seek(start)
        shutil.copyfileobj(source, target, files.CHUNK)
    with final.open("rb") as made:
        packets, start = session_key_packets(made.read(HEAD_BYTES))
        made.seek(start)
        rest = hashlib.file_digest(made, "sha256").digest()
    with raw.open("rb") as source:
        source.seek(session_key_packets(source.read(HEAD_BYTES))[1])
        same = hashlib.file_digest(source, "sha256").digest() == rest
    ids = sorted(packet.key_id for packet in packets)
    allowed = [key.key_ids("e") for key in recipients]
    right = len(ids) == len(allowed) and all(sum(i in one for i in ids) == 1 for one in allowed)
    if not (same and right):
        raise Untrusted(f"gpg encrypted to other keys than asked for: {', '.join(ids)}")


def _last_words(run: Run) -> str:
    lines = [line.removeprefix("gpg: ") for line in run.said.splitlines() if line.strip()]
    return lines[-1] if lines else f"exit code {run.exit_code}"
