"""The connection to a bank. A `Trunk` is the connection, kept while there is use for it; a `Line` is one user's hold.

To log in costs more than to send a small file, so everybody who works with one bank shares one logged-in session, and
it is kept for a short while after. After trouble a user gives it up: nobody gets it any more, those who are at work on
it finish (what is under way must not be torn into doubt), and the next one logs in afresh.
"""

from __future__ import annotations

import threading
from contextlib import ExitStack
from dataclasses import dataclass, field
from types import TracebackType

from h2h.core.errors import Misconfigured, NotPermitted, Unavailable, Untrusted
from h2h.core.findings import WhoActs
from h2h.pipeline.claim import AnotherInstallation, claim
from h2h.pipeline.house import House, log
from h2h.ports import Session

#: A connection is replaced at this age: servers, firewalls and keys change behind old ones.
AGE_SECONDS_MAX = 300.0
#: One that nobody uses is closed: a bank counts its sessions.
IDLE_SECONDS_MAX = 30.0
#: One that was idle for longer than this is asked for a sign of life before it is trusted with a payment.
ASK_AFTER_SECONDS = 2.0
#: A log-in that failed is not tried again at once: a thousand waiting files do not make a thousand tries.
FAILED_SECONDS = 5.0
_A_NAME_THAT_NEVER_WAS = ".h2h-are-you-there"


@dataclass(eq=False)
class _Shared:
    """One logged-in session and how many hold it."""

    session: Session
    stack: ExitStack
    opened_at: float
    used_at: float
    users: int = 0
    given_up: bool = field(default=False)


class Trunk:
    """One bank's connection, shared by threads. ``close`` it when the work is done."""

    def __init__(self, house: House, bank: str) -> None:
        self.house = house
        self.bank = bank
        self._mutex = threading.Lock()
        self._current: _Shared | None = None
        self._failed: tuple[Unavailable | Misconfigured, float] | None = None

    def take(self) -> _Shared:
        """The session, logged in now if need be. ``Unavailable`` or ``Misconfigured``: nothing was sent."""
        with self._mutex:
            now = self.house.clock.monotonic()
            if self._current is not None and not self._good(self._current, now):
                self._retire(self._current)
            if self._current is None:
                if self._failed is not None and now < self._failed[1]:
                    raise self._failed[0]
                self._current = self._log_in()
            self._current.users += 1
            return self._current

    def give_back(self, shared: _Shared, *, broken: bool) -> None:
        """The hold ends. *broken*: nothing that this connection says can be relied on any more."""
        with self._mutex:
            shared.users -= 1
            shared.used_at = self.house.clock.monotonic()
            if broken:
                self._retire(shared)
            elif shared.given_up and not shared.users:
                shared.stack.close()

    def rest(self) -> None:
        """Close what nobody has used for a while."""
        with self._mutex:
            idle = self._current
            if idle is None or idle.users:
                return
            if self.house.clock.monotonic() - idle.used_at > IDLE_SECONDS_MAX:
                self._retire(idle)

    def close(self) -> None:
        """End the connection; its users have ended before."""
        with self._mutex:
            if self._current is not None:
                self._retire(self._current)

    def _retire(self, shared: _Shared) -> None:
        shared.given_up = True
        if self._current is shared:
            self._current = None
        if not shared.users:
            shared.stack.close()

    def _good(self, shared: _Shared, now: float) -> bool:
        """False for one that is old, or was idle and does not answer; that costs a log-in, not an attempt to send."""
        if now - shared.opened_at > AGE_SECONDS_MAX:
            return False
        if shared.users or now - shared.used_at <= ASK_AFTER_SECONDS:
            return True
        folders = self.house.settings.bank_of(self.bank).folders
        try:
            shared.session.stat(folders.growing, _A_NAME_THAT_NEVER_WAS)
        except NotPermitted:
            return True  # an answer it is
        except (Unavailable, Misconfigured) as problem:
            log.info("bank.connection-had-ended", bank=self.bank, problem=str(problem))
            return False
        return True

    def _log_in(self) -> _Shared:
        house, stack = self.house, ExitStack()
        try:
            session = stack.enter_context(house.channels[self.bank].connect())
            self._claim(session, stack)
        except Untrusted as problem:
            house.attend("host-key", self.bank, problem.message, WhoActs.SYSTEM_ADMINISTRATOR, self.bank)
            raise self._remember(Unavailable(str(problem))) from problem
        except AnotherInstallation as problem:
            house.attend("another-installation", self.bank, str(problem), WhoActs.SYSTEM_ADMINISTRATOR, self.bank)
            raise self._remember(Unavailable(str(problem))) from problem
        except (Unavailable, Misconfigured) as problem:
            who = WhoActs.SYSTEM_ADMINISTRATOR if isinstance(problem, Misconfigured) else WhoActs.BANK
            house.attend("bank-unreachable", self.bank, str(problem), who, self.bank)
            raise self._remember(problem) from None
        self._failed = None
        house.settle("bank-unreachable", self.bank, "the bank can be reached again")
        house.settle("another-installation", self.bank, "the bank's log-in is this installation's")
        house.settle("host-key", self.bank, "the bank's host key is the pinned one")
        now = house.clock.monotonic()
        return _Shared(session, stack, opened_at=now, used_at=now)

    def _claim(self, session: Session, stack: ExitStack) -> None:
        try:
            claim(self.house, session, self.bank)
        except BaseException:
            stack.close()
            raise

    def _remember(self, problem: Unavailable | Misconfigured) -> Unavailable | Misconfigured:
        self._failed = (problem, self.house.clock.monotonic() + FAILED_SECONDS)
        return problem


class Line:
    """One user's hold on the connection: taken when first needed, taken anew after trouble. Not for two threads.

    Without a *trunk* it has one of its own.
    """

    def __init__(self, house: House, bank: str, trunk: Trunk | None = None) -> None:
        self.bank = bank
        self._own = trunk is None
        self._trunk = trunk or Trunk(house, bank)
        self._held: _Shared | None = None

    def __enter__(self) -> Line:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._let_go(broken=False)
        if self._own:
            self._trunk.close()

    def session(self) -> Session:
        """The logged-in session. ``Unavailable`` (a host key that is not pinned, too), ``Misconfigured``."""
        if self._held is None:
            self._held = self._trunk.take()
        return self._held.session

    def renew(self) -> None:
        """Give the connection up: after trouble nothing it says can be relied on."""
        self._let_go(broken=True)

    def _let_go(self, *, broken: bool) -> None:
        if self._held is not None:
            held, self._held = self._held, None
            self._trunk.give_back(held, broken=broken)
