"""The record of looks at personal data: searched, held against the ledger, and taken along as a table."""

import asyncio
import csv
import io
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from bot.desk.answers import DATA_HEADERS, Refused
from bot.desk.guard import Guard, Visitor
from bot.desk.pages import Pages
from domain.deadlines import SEOUL
from domain.staff import StaffError
from handlers.catalogue import Texts
from storage.access_log import Look, LookSearch
from storage.ledger import verify
from storage.opening import Storage

_PAGE = 100
_FIELDS = ("who", "what", "whose", "since", "until")
_LONGEST = 40
_HEAD = ("번호", "언제", "이름", "별칭", "어디서", "고객", "상담", "무엇을")
_BEGINS_A_FORMULA = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, slots=True)
class Checked:
    """What comparing log and ledger found: how many places do not fit, and the first of them."""

    count: int
    first: tuple[str, ...]


class AccessPages:
    def __init__(self, storage: Storage, guard: Guard, pages: Pages, errors: Texts) -> None:
        self._storage, self._guard, self._pages, self._errors = storage, guard, pages, errors
        self._checking = asyncio.Lock()

    async def show(self, request: Request, visitor: Visitor) -> Response:
        """The look at the log is a look itself."""
        before = _place(request.query_params.get("before", ""))
        await self._write_down(visitor, "access_log.opened")
        return await self._page(request, visitor, request.query_params, before=before)

    async def check(self, request: Request, visitor: Visitor) -> Response:
        """Every row of the log against its link of the ledger, and the ledger's chains in themselves."""
        form = await self._guard.read(request, visitor)
        async with self._checking:
            broken = await self._storage.access_log.broken()
            chains = await verify(self._storage.database, self._storage.hashes)
        found = (*(f"{b.chain}/{b.n}" for b in chains), *broken)
        return await self._page(request, visitor, form, checked=Checked(len(found), found[:10]))

    async def export(self, request: Request, visitor: Visitor) -> Response:
        """What the search finds, as CSV. Written down before the first row leaves."""
        form = await self._guard.read(request, visitor)
        try:
            search = await self._search(form)
        except StaffError as error:
            return await self._page(request, visitor, form, error=str(error))
        await self._write_down(visitor, "access_log.exported")
        headers = DATA_HEADERS | {"Content-Disposition": 'attachment; filename="access-log.csv"'}
        return StreamingResponse(self._table(search), 200, headers, "text/csv; charset=utf-8")

    async def _table(self, search: LookSearch) -> AsyncIterator[str]:
        yield "\ufeff" + _lines([_HEAD])  # by which Excel knows UTF-8
        async for looks in self._storage.access_log.each(search):
            yield _lines([_cells(look) for look in looks])

    async def _page(
        self,
        request: Request,
        visitor: Visitor,
        asked: Mapping[str, str],
        *,
        before: tuple[int, int] | None = None,
        error: str = "",
        checked: Checked | None = None,
    ) -> Response:
        looks: list[Look] = []
        try:
            if not error:
                looks = list(await self._storage.access_log.rows(before, _PAGE + 1, await self._search(asked)))
        except StaffError as refused:
            error = str(refused)
        written = {name: asked.get(name, "")[:_LONGEST] for name in _FIELDS}
        given = {name: text for name, text in written.items() if text}
        more = ""
        if len(looks) > _PAGE:
            at, number = looks[_PAGE - 1].place_in_order
            more = urlencode(given | {"before": f"{at}-{number}"})
        return self._pages.show(
            request,
            "access.html",
            400 if error else 200,
            visitor=visitor,
            proof=visitor.proof,
            looks=looks[:_PAGE],
            more=more,
            newest=urlencode(given) if before else None,
            words=LOOKS,
            people=await self._storage.accounts.all(),
            asked=written,
            given=given,
            error=error,
            checked=checked,
        )

    async def _search(self, asked: Mapping[str, str]) -> LookSearch:
        """Raises StaffError with what to write instead."""
        given = {name: asked.get(name, "").strip() for name in _FIELDS}
        since, until = self._day(given["since"]), self._day(given["until"])
        if since and until and until < since:
            raise StaffError(self._errors("error.days_turned"))
        staff_id = None
        if given["who"]:
            person = await self._storage.accounts.find(given["who"])
            if person is None:
                raise StaffError(self._errors("error.no_such_staff"))
            staff_id = person.staff.id
        customer, conversation = await self._whose(given["whose"])
        return LookSearch(
            staff_id=staff_id,
            what=given["what"],
            customer_id=customer,
            conversation_id=conversation,
            since=since,
            until=until and until + timedelta(days=1),
        )

    async def _whose(self, text: str) -> tuple[int | None, int | None]:
        """A customer, or the conversation of a case."""
        if not text:
            return None, None
        plain = "".join(text.removeprefix("고객").split())
        if plain.isascii() and plain.isdigit() and len(plain) < 16:
            return int(plain), None
        conversation = await self._storage.desk.by_number(plain[:_LONGEST])
        if conversation is None:
            raise StaffError(self._errors("error.no_such_customer"))
        return None, conversation

    def _day(self, text: str) -> datetime | None:
        if not text:
            return None
        try:
            day = date.fromisoformat(text)
        except ValueError:
            raise StaffError(self._errors("error.no_day")) from None
        if not 2000 <= day.year <= 2200:
            raise StaffError(self._errors("error.no_day"))
        return datetime.combine(day, time(), SEOUL)

    async def _write_down(self, visitor: Visitor, what: str) -> None:
        await self._storage.access_log.add(visitor.staff.id, visitor.place, what)


def _cells(look: Look) -> tuple[object, ...]:
    at = look.at.astimezone(SEOUL).strftime("%Y-%m-%d %H:%M:%S")
    what = LOOKS.get(look.what, look.what)
    return look.id, at, look.name, look.alias, look.place, look.customer_id, look.conversation_id, what


def _lines(rows: Iterable[Sequence[object]]) -> str:
    out = io.StringIO()
    csv.writer(out).writerows([[_harmless(cell) for cell in row] for row in rows])
    return out.getvalue()


def _harmless(cell: object) -> str:
    """A spreadsheet takes a text that begins like a formula for one."""
    text = "" if cell is None else str(cell)
    return f"'{text}" if text.startswith(_BEGINS_A_FORMULA) else text


def _place(text: str) -> tuple[int, int] | None:
    if not text:
        return None
    parts = text.split("-")
    if len(parts) != 2 or not all(p.isascii() and p.isdigit() and len(p) < 18 for p in parts):
        raise Refused(400, "bad_request")
    return int(parts[0]), int(parts[1])


LOOKS = {
    "conversation.opened": "대화와 이름을 열어 봄",
    "conversation.followed": "대화를 이어서 봄",
    "file.opened": "첨부 파일을 열어 봄",
    "gaps.read": "답하지 못한 질문을 열어 봄",
    "access_log.opened": "접근 기록을 열어 봄",
    "access_log.exported": "접근 기록을 파일로 내려받음",
}
