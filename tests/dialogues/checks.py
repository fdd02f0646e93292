"""Holding what was said and stored against what a transcript expects."""

import json
import re
import sqlite3
from datetime import datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from bot.channels.telegram.render import MOST, payload, split, units
from bot.engine.gaps import words_of
from domain.deadlines import SEOUL
from domain.messages import LoggedMessage, Outgoing
from handlers.catalogue import Texts
from storage.ledger import verify
from storage.opening import Storage
from storage.tables import accounts, cases, consent_events, conversations, customers, inbox, kb_gaps, ledger
from storage.times import from_us
from tests.dialogues.steps import Says, State


def check_message(said: LoggedMessage, wanted: Says, texts: Texts) -> dict[str, str]:
    """Returns what stood in the blanks of the catalogue's texts."""
    blanks: dict[str, str] = {}
    if wanted.whole:
        found = _pattern(texts(wanted.whole[1:])).fullmatch(said.text)
        assert found, f"this is not {wanted.whole}"
        blanks |= found.groupdict()
    for fragment in wanted.fragments:
        if fragment.startswith("="):
            found = _pattern(texts(fragment[1:])).search(said.text)
            assert found, f"{fragment} does not occur"
            blanks |= found.groupdict()
        else:
            assert fragment in said.text, f"{fragment!r} does not occur"
    for fragment in wanted.absent:
        pattern = _pattern(texts(fragment[1:])) if fragment.startswith("=") else re.compile(re.escape(fragment))
        assert not pattern.search(said.text), f"{fragment!r} occurs"
    if wanted.cites is not None:
        label = said.source.label if said.source else ""
        assert f" {wanted.cites} · 제1판 · " in label, f"cites {label!r}, not {wanted.cites!r}"
    if wanted.entry is not None:
        assert said.source is not None
        assert said.source.entry == wanted.entry
    labels = tuple(b.label for row in said.buttons for b in row)
    if wanted.buttons is not None:
        assert labels == wanted.buttons, f"the buttons are {labels}"
    for label in wanted.among_buttons:
        assert label in labels, f"the buttons are {labels}"
    for name, value in wanted.blanks:
        assert blanks[name] == value, f"{name} is {blanks[name]!r}, not {value!r}"
    assert len(said.text) > wanted.longer_than
    return blanks


def check_sane(said: LoggedMessage) -> None:
    """What holds of everything the bot says, whatever the transcript looks at."""
    assert said.text.strip()
    assert not re.search(r"[{}]|\bNone\b", said.text), "a blank was not filled in"
    for button in (b for row in said.buttons for b in row):
        assert button.label.strip()
        assert button.data.isascii()
        assert 0 < len(button.data) <= 64
    for part in split(Outgoing(said.text, said.buttons, said.source)):
        assert 0 < units(payload(part, "https://shop.example", [])["text"]) <= MOST


async def check_blanks(storage: Storage, conversation: int, blanks: dict[str, str], now: datetime) -> None:
    """A number that is told is a case's own, with its date; a time that is told is now."""
    if "at" in blanks:
        assert blanks["at"] == now.astimezone(SEOUL).strftime("%Y-%m-%d %H:%M")
    if "number" in blanks:
        known = {row["number"]: row for row in await _cases(storage, conversation)}
        assert blanks["number"] in known
        if "due" in blanks:
            assert blanks["due"] == known[blanks["number"]]["due"]


async def check_state(storage: Storage, conversation: int, wanted: State) -> None:
    async with storage.database.read() as connection:
        row = (
            await connection.execute(
                sa.select(conversations.c.owner, customers.c.age, accounts.c.blocked_at)
                .select_from(conversations)
                .join(customers, customers.c.id == conversations.c.customer_id)
                .join(accounts, accounts.c.id == conversations.c.account_id)
                .where(conversations.c.id == conversation)
            )
        ).one()
        events = (await connection.execute(sa.select(ledger.c.event).order_by(ledger.c.n))).scalars().all()
        set_aside = sa.select(sa.func.count()).where(inbox.c.state == 2)
        aside = (await connection.execute(set_aside)).scalar()
    if wanted.owner is not None:
        assert row.owner == wanted.owner
    if wanted.age is not None:
        assert row.age == wanted.age
    if wanted.blocked is not None:
        assert (row.blocked_at is not None) == wanted.blocked
    if wanted.ledger is not None:
        assert tuple(events) == wanted.ledger
    if wanted.aside is not None:
        assert aside == wanted.aside
    if wanted.consents is not None:
        assert await _consents(storage, conversation) == dict(wanted.consents)
    if wanted.cases is not None:
        found = await _cases(storage, conversation)
        assert [{k: c[k] for k in w} for c, w in zip(found, wanted.cases, strict=False)] == [*wanted.cases]
        assert len(found) == len(wanted.cases), f"the cases are {found}"
    if wanted.handover is not None:
        opened = await storage.desk.opened(conversation)
        assert opened is not None
        assert opened.handover is not None
        carried = {"urgent": opened.handover.urgent, "skill": opened.handover.skill, "reason": opened.reason}
        assert {k: carried[k] for k in wanted.handover} == dict(wanted.handover)
    if wanted.gaps is not None:
        noted = await _gaps(storage, conversation)
        assert [{k: g[k] for k in w} for g, w in zip(noted, wanted.gaps, strict=False)] == [*wanted.gaps]
        assert len(noted) == len(wanted.gaps), f"the gaps are {noted}"


async def check_whole(storage: Storage, logs: list[list[LoggedMessage]]) -> None:
    """What holds of the database after every transcript."""
    assert await verify(storage.database, storage.hashes) == []
    async with storage.database.read() as connection:
        assert (await connection.execute(sa.select(sa.func.count()).where(inbox.c.state == 0))).scalar() == 0
        summed = (await connection.execute(sa.select(customers.c.id, customers.c.consents))).all()
        events = (await connection.execute(sa.select(consent_events).order_by(consent_events.c.id))).all()
    for log in logs:
        assert [m.seq for m in log] == list(range(1, len(log) + 1))
    for customer_id, consents in summed:
        assert json.loads(consents) == {e.purpose: e.act for e in events if e.customer_id == customer_id}


def files_hold(folder: Path, text: str) -> bool:
    """Whether a text stands in any file of a SQLite database, its log of writes included."""
    for path in folder.glob("*.db"):
        with sqlite3.connect(path) as connection:
            connection.execute("PRAGMA wal_checkpoint(PASSIVE)")
    wanted = text.encode()
    return any(wanted in path.read_bytes() for path in folder.iterdir() if path.is_file())


async def _consents(storage: Storage, conversation: int) -> dict[str, str]:
    query = (
        sa.select(consent_events.c.purpose, consent_events.c.act)
        .join(conversations, conversations.c.customer_id == consent_events.c.customer_id)
        .where(conversations.c.id == conversation)
        .order_by(consent_events.c.id)
    )
    async with storage.database.read() as connection:
        return {row.purpose: row.act for row in (await connection.execute(query)).all()}


async def _cases(storage: Storage, conversation: int) -> list[dict[str, Any]]:
    query = (
        sa.select(cases)
        .join(conversations, conversations.c.customer_id == cases.c.customer_id)
        .where(conversations.c.id == conversation)
        .order_by(cases.c.id)
    )
    async with storage.database.read() as connection:
        rows = (await connection.execute(query)).all()
    return [
        {
            "number": row.number,
            "kind": row.kind,
            "state": row.state,
            "reason": row.reason,
            "due": from_us(row.due_at).astimezone(SEOUL).strftime("%Y-%m-%d") if row.due_at else None,
        }
        for row in rows
    ]


async def _gaps(storage: Storage, conversation: int) -> list[dict[str, Any]]:
    query = sa.select(kb_gaps).where(kb_gaps.c.conversation_id == conversation)
    async with storage.database.read() as connection:
        rows = (await connection.execute(query.order_by(kb_gaps.c.seq, kb_gaps.c.part))).all()
    texts = {}
    for row in rows:
        (message,) = await storage.conversations.log(conversation, row.seq - 1, 1)
        texts[row.seq] = message.text
    words = [words_of(texts[row.seq], row.part) for row in rows]
    return [
        {"kind": row.kind, "entry": row.entry, "settled": row.settled_as, "text": text}
        for row, text in zip(rows, words, strict=True)
    ]


def _pattern(template: str) -> re.Pattern[str]:
    """A catalogue text as a pattern, its blanks as named groups."""
    parts = re.split(r"\{(\w+)\}", template)
    seen: set[str] = set()
    out = ""
    for i, part in enumerate(parts):
        if i % 2 == 0:
            out += re.escape(part)
        else:
            out += f"(?P={part})" if part in seen else f"(?P<{part}>.+?)"
            seen.add(part)
    return re.compile(out, re.DOTALL)
