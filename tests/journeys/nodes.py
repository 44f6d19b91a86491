"""Two real daemons on one PostgreSQL journal and shared folders, beside a bank in a process of its own."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable

from h2h.core.records import Lease
from h2h.simulator.rehearsal import Rehearsal
from tests.contracts.journals import NOW
from tests.contracts.postgres import cluster
from tests.contracts.proxy import Proxy
from tests.crashes.test_daemon_killed import PATIENCE, Scene

LEASE_SECONDS = 1.5
NAMES = ("a", "b")


class NodeProcess:
    """One daemon: its configuration, its way to the database, its lives."""

    def __init__(self, name: str, scene: TwoNodes) -> None:
        self.name = name
        self.config = scene.rehearsal.directory / f"h2h-{name}.toml"
        self.proxy = Proxy(cluster().port)
        self._scene = scene
        self._lives = 0
        self.process: subprocess.Popen[bytes] | None = None
        self.log = scene.rehearsal.directory / f"{name}-0.log"

    def configure(self, sample: str) -> None:
        """The sample's configuration, as one of two nodes."""
        text = sample.replace('state = "state"', f'state = "state-{self.name}"')
        text = text.replace('ledger = "ledger/ledger.jsonl"', 'ledger = "ledger/{node}.jsonl"')
        database = self._scene.url.rpartition("/")[2]
        text += f'\n[journal]\nurl = "{cluster().url(database, self.proxy.port)}"\n'
        text += f'\n[node]\nname = "{self.name}"\nlease_seconds = {LEASE_SECONDS}\n'
        self.config.write_text(text)

    def start(self) -> None:
        """A life of its own log."""
        self._lives += 1
        self.log = self._scene.rehearsal.directory / f"{self.name}-{self._lives}.log"
        with self.log.open("wb") as file:
            command = [sys.executable, "-m", "h2h", "run", "-c", str(self.config)]
            self.process = subprocess.Popen(command, stdout=file, stderr=file)

    def ready(self) -> bool:
        """True once it works."""
        return "daemon.ready" in self.log.read_text(errors="replace")

    def signal(self, number: int) -> None:
        """To the process; one that was killed is waited for."""
        assert self.process is not None
        self.process.send_signal(number)
        if number == signal.SIGKILL:
            self.process.wait()

    def cut(self) -> None:
        """Off from the database, as by a firewall that drops everything, until ``mend``."""
        self.proxy.freeze()

    def mend(self, *, lost: bool) -> None:
        """The way is open again; *lost*: the connections that were open then are reset, else they go on."""
        self.proxy.mend(lost=lost)

    def stop(self) -> None:
        """As the service manager does; returns when it has ended as it should."""
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        assert self.process.wait(30 * PATIENCE) == 0, self.log.read_text(errors="replace")[-3000:]

    def end(self) -> None:
        """Whatever is left of it."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGCONT)
            self.process.kill()
            self.process.wait()
        self.proxy.__exit__()


class TwoNodes(Scene):
    """The scene of one daemon, with two; whoever holds the lease of the bank is the owner."""

    def __init__(self, rehearsal: Rehearsal) -> None:
        super().__init__(rehearsal)
        self.url = cluster().new_database()
        self.nodes = {name: NodeProcess(name, self) for name in NAMES}
        for node in self.nodes.values():
            node.configure(rehearsal.config.read_text())
        rehearsal.config = self.nodes["a"].config

    def lease(self) -> Lease | None:
        """Of the bank, as the database has it."""
        from h2h.adapters.journal import open_journal

        with open_journal(self.url, instance="demo", now=NOW, must_exist=True) as journal:
            return next(iter(journal.leases()), None)

    def waiting(self) -> list[str]:
        """The kinds of what waits for a person."""
        from h2h.adapters.journal import open_journal

        with open_journal(self.url, instance="demo", now=NOW, must_exist=True) as journal:
            return [item.kind for item in journal.attention()]

    def astray(self) -> str:
        """What the bank gave and the ERP has not, with its history, and what no node foresaw."""
        from h2h.adapters.journal import open_journal
        from h2h.core.records import FileState

        with open_journal(self.url, instance="demo", now=NOW, must_exist=True) as journal:
            files = [f for f in journal.files() if f.state is not FileState.DELIVERED]
            lines = [f"{f.fid} {f.remote_name}: {f.state} {f.reason_text}" for f in files]
            lines += [f"  {e.at} {e.event} {e.detail}" for f in files for e in journal.events(f.fid)]
            given = {manifest["bank_file"] for manifest in self.rehearsal.manifests()}
            lost = [f for f in journal.files() if f.remote_name not in given]
            lines += [f"no manifest: {f.fid} {f.remote_name} {f.state}, removed {f.removed}" for f in lost]
            lines += [f"  {e.at} {e.event} {e.detail}" for f in lost for e in journal.events(f.fid)]
        left = sorted(p.name for p in (self.rehearsal.directory / "bank" / "sftp" / "from_bank").iterdir())
        for log in sorted(self.rehearsal.directory.glob("?-*.log")):
            said = log.read_text(errors="replace")
            odd = [n for n, line in enumerate(said.splitlines()) if "unexpected" in line or "Traceback" in line]
            lines += [f"{log.name}: {line}" for n in odd[:3] for line in said.splitlines()[n : n + 40]]
        return "\n".join([f"at the bank: {left}; {len(given)} manifests", *lines])

    def owner(self) -> NodeProcess:
        """The node that works for the bank."""
        lease = self.lease()
        assert lease is not None
        return self.nodes[lease.node]

    def other(self, than: NodeProcess) -> NodeProcess:
        """The second of the two."""
        return next(node for node in self.nodes.values() if node is not than)

    def settled(self, count: int) -> bool:
        """Every file's payment is on the statement, and the answers are home."""
        return self.outcomes(count)["settled"] == count

    def end(self) -> None:
        """Whatever is left."""
        for node in self.nodes.values():
            node.end()

    def words(self) -> str:
        """The last of each log, for a test that fails."""
        behind = []
        for path in sorted(self.rehearsal.outbound.glob("*.status.json")):
            receipt = self.rehearsal.receipt(path.name.removesuffix(".status.json"))
            if not any(p["outcome"] == "settled" for p in receipt.get("payments", ())):
                behind.append((receipt["submission"], receipt["state"], receipt["updated_at"]))
        left = sorted(p.name for p in self.rehearsal.outbound.iterdir() if not p.name.endswith(".json"))
        said = f"behind: {behind}; in the folder: {left}\n"
        return said + "\n".join(f"{n.name}: {n.log.read_text(errors='replace')[-1500:]}" for n in self.nodes.values())


def torment(scene: TwoNodes, chance: random.Random, files: int, seconds: float) -> Counter[str]:
    """Drop *files* while nodes are killed, paused and cut off at random; what was done to them."""
    done: Counter[str] = Counter()
    until, dropped = time.monotonic() + seconds, 0
    while dropped < files:
        node = scene.nodes[chance.choice(NAMES)]
        deed = chance.choice(tuple(DEEDS))
        done[deed] += 1
        undo = DEEDS[deed](node)
        share = max(1, int(files * 4 / max(seconds, 4)))
        for _ in range(min(share, files - dropped)):
            dropped += 1
            scene.drop(dropped)
        time.sleep(chance.uniform(0.2, LEASE_SECONDS * 2.5))
        undo()
        time.sleep(chance.uniform(0.0, 1.5) if time.monotonic() < until else 0.0)
    return done


def _killed(node: NodeProcess) -> Callable[[], None]:
    node.signal(signal.SIGKILL)
    return node.start


def _paused(node: NodeProcess) -> Callable[[], None]:
    node.signal(signal.SIGSTOP)
    return lambda: node.signal(signal.SIGCONT)


def _stopped(node: NodeProcess) -> Callable[[], None]:
    node.signal(signal.SIGTERM)

    def again() -> None:
        assert node.process is not None
        node.process.wait(30 * PATIENCE)
        node.start()

    return again


def _cut(node: NodeProcess) -> Callable[[], None]:
    node.cut()
    return lambda: node.mend(lost=False)


def _lost(node: NodeProcess) -> Callable[[], None]:
    node.cut()
    return lambda: node.mend(lost=True)


DEEDS: dict[str, Callable[[NodeProcess], Callable[[], None]]] = {
    "kill": _killed,
    "pause": _paused,
    "stop": _stopped,
    "cut off": _cut,
    "cut off and reset": _lost,
}
