"""Statements that are built once: building one of SQLAlchemy's costs more than SQLite takes to run it."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

from sqlalchemy import Executable, bindparam

P = ParamSpec("P")
E = TypeVar("E", bound=Executable)


def prepared(build: Callable[P, E]) -> Callable[P, tuple[E, dict[str, Any]]]:
    """What *build* makes of values, made once of bind parameters of the same names; with the values beside it.

    Every argument must stand in the statement as a value. For ``Connection.execute(*…)``.
    """
    names = tuple(inspect.signature(build).parameters)

    @functools.cache
    def statement() -> Any:
        return build(*(bindparam(name) for name in names))  # type: ignore[call-arg,arg-type]

    @functools.wraps(build)
    def call(*args: P.args, **kwargs: P.kwargs) -> tuple[E, dict[str, Any]]:
        return statement(), dict(zip(names, args, strict=False)) | kwargs

    return call


def given(**values: Any) -> dict[str, Any]:
    """The values that there are: a statement that does not ask for one is another statement."""
    return {name: value for name, value in values.items() if value is not None}
