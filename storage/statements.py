"""Statements of the hot path: written once in Core, compiled once for each dialect, run on the raw drivers.

A program is a generator that yields (statement, parameters) and receives the rows. It is one transaction. On SQLite it
runs inside the connection's own thread in one hop; on PostgreSQL each step is awaited. So one text of the program
serves both, and SQLAlchemy's cost is paid once and not for each message.
"""

from collections.abc import Generator, Sequence
from functools import cached_property
from operator import itemgetter
from typing import Any, TypeAlias, TypeVar

import orjson
import sqlalchemy as sa
from sqlalchemy.dialects import sqlite
from sqlalchemy.dialects.postgresql import ARRAY, asyncpg
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql import visitors
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.expression import ColumnElement

T = TypeVar("T")
Row: TypeAlias = Sequence[Any]
Params: TypeAlias = dict[str, Any]
Program: TypeAlias = Generator["tuple[Statement, Params | list[Params]]", list[Row], T]


class in_list(ColumnElement[bool]):
    """column IN (one bound list): a JSON array on SQLite, a typed array on PostgreSQL, so the text never changes."""

    inherit_cache = False

    def __init__(self, column: ColumnElement[Any], name: str) -> None:
        self.column, self.name = column, name
        self.type = sa.types.NULLTYPE  # type: ignore[assignment]  # a Boolean would be written "… = 1" on SQLite


@compiles(in_list, "sqlite")
def _in_json(element: in_list, compiler: SQLCompiler, **kw: Any) -> str:
    listed = compiler.process(sa.bindparam(element.name, type_=sa.Text()), **kw)
    return f"{compiler.process(element.column, **kw)} IN (SELECT value FROM json_each({listed}))"  # noqa: S608 - rendered by the compiler


@compiles(in_list, "postgresql")
def _in_array(element: in_list, compiler: SQLCompiler, **kw: Any) -> str:
    item = sa.Text() if isinstance(element.column.type, sa.Text) else sa.BigInteger()
    listed = compiler.process(sa.bindparam(element.name, type_=ARRAY(item)), **kw)
    return f"{compiler.process(element.column, **kw)} = ANY({listed})"


class Statement:
    """A Core statement as text and parameter order for both raw drivers; compiled for each when it is first used."""

    def __init__(self, core: sa.sql.expression.Executable) -> None:
        self._core = core

    @cached_property
    def _on_sqlite(self) -> "_Compiled":
        return _Compiled(self._core, sqlite.dialect())

    @cached_property
    def _on_postgresql(self) -> "_Compiled":
        return _Compiled(self._core, asyncpg.dialect())  # type: ignore[no-untyped-call]

    @property
    def for_sqlite(self) -> str:
        return self._on_sqlite.text

    @property
    def for_postgresql(self) -> str:
        return self._on_postgresql.text

    def sqlite_params(self, params: Params) -> tuple[Any, ...]:
        values = self._on_sqlite.values(params)
        if self._on_sqlite.takes_lists:
            return tuple(orjson.dumps(v).decode() if type(v) is list else v for v in values)
        return values

    def postgresql_params(self, params: Params) -> tuple[Any, ...]:
        return self._on_postgresql.values(params)


class _Compiled:
    def __init__(self, core: Any, dialect: Any) -> None:
        compiled = core.compile(dialect=dialect)
        self.text: str = compiled.string
        self.takes_lists = any(isinstance(e, in_list) for e in visitors.iterate(core))
        self._names = tuple(compiled.positiontup or ())
        self._fixed = {name: value for name, value in compiled.params.items() if value is not None}
        # One call in C for each row, which is most of what a bulk write costs here.
        self._get = itemgetter(*self._names) if len(self._names) > 1 and not self._fixed else None

    def values(self, params: Params) -> tuple[Any, ...]:
        if self._get is not None:
            found: tuple[Any, ...] = self._get(params)
            return found
        fixed = self._fixed
        return tuple(fixed[name] if name in fixed else params[name] for name in self._names)
