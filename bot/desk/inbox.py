"""The pages of the queue and of one conversation, its files, and the stream behind them."""

import time
from collections import OrderedDict
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp

from bot.desk.answers import FILE_HEADERS, Refused
from bot.desk.guard import Visitor
from bot.desk.limits import DeskLimits, Places
from bot.desk.pages import Pages
from bot.desk.stream import DeskStream, Place, Streams
from bot.desk.talk import visible
from domain.staff import Staff
from storage.desk_views import Opened
from storage.opening import Storage

_SAME_LOOK = 600.0  # seconds in which the stream of a page that was opened is no new look
_MOST_LOOKS = 10_000
_LARGEST = 2**53


class Inbox:
    def __init__(self, storage: Storage, streams: Streams, pages: Pages, limits: DeskLimits | None) -> None:
        self._storage, self._streams, self._pages = storage, streams, pages
        self._places = Places(limits.streams if limits else 10_000)
        self._looks: OrderedDict[tuple[str, int], float] = OrderedDict()

    async def queue(self, request: Request, visitor: Visitor) -> Response:
        return self._pages.show(request, "queue.html", visitor=visitor, proof=visitor.proof)

    async def conversation(self, request: Request, visitor: Visitor) -> Response:
        """Written down as a look before anything is shown."""
        number = request.path_params["id"]
        opened = await self._find(number, visitor.staff)
        await self._look(visitor, opened, "conversation.opened")
        name = opened.name
        return self._pages.show(
            request, "talk.html", visitor=visitor, proof=visitor.proof, id=number, name=name, channel=opened.channel
        )

    async def file(self, request: Request, visitor: Visitor) -> Response:
        """A file that the customer sent and agreed to hand over. Written down as a look before it is given."""
        number, file_id = request.path_params["id"], request.path_params["file"]
        opened = await self._find(number, visitor.staff)
        facts = await self._storage.files.facts(number, file_id)
        if facts is None or facts.seq is None:
            raise Refused(404, "no_file")
        if not facts.shared:
            raise Refused(403, "not_shared")
        await self._write_down(visitor, opened, "file.opened")
        content = await self._storage.files.content(number, file_id)
        messages = await self._storage.conversations.log(number, facts.seq - 1, 1)
        name = next((a.name for m in messages for a in m.attachments if a.kept_id == file_id), "file")
        how = "inline" if facts.type.startswith("image/") else "attachment"
        headers = FILE_HEADERS | {"Content-Disposition": f"{how}; filename*=UTF-8''{quote(name, safe='')}"}
        return Response(content, headers=headers, media_type=facts.type)

    async def find(self, request: Request, visitor: Visitor) -> Response:
        number = "".join(request.query_params.get("number", "").split())[:40]
        found = await self._storage.desk.by_number(number)
        if found is None:
            return self._pages.show(request, "queue.html", 404, visitor=visitor, proof=visitor.proof, missing=number)
        return RedirectResponse(f"{request.scope.get('root_path', '')}/desk/c/{found}", 303)

    async def stream(self, request: Request, visitor: Visitor) -> ASGIApp:
        conversation, seq, note = (_number(request, name) for name in ("c", "seq", "note"))
        if conversation:
            opened = await self._find(conversation, visitor.staff)
            if self._looks.get((visitor.token, conversation), 0.0) < time.monotonic() - _SAME_LOOK:
                await self._look(visitor, opened, "conversation.followed")
        staff_id = visitor.staff.id
        if not self._places.enter(staff_id):
            raise Refused(429, "too_many_windows", 10.0)
        place = Place(conversation, seq, note) if conversation else None
        return DeskStream(self._streams, visitor, place, lambda: self._places.leave(staff_id))

    async def _find(self, conversation: int, staff: Staff) -> Opened:
        opened = await self._storage.desk.opened(conversation)
        if opened is None:
            raise Refused(404, "no_conversation")
        if not visible(opened, staff):
            raise Refused(403, "not_visible", alias=opened.agent.alias if opened.agent else "")
        return opened

    async def _look(self, visitor: Visitor, opened: Opened, what: str) -> None:
        await self._write_down(visitor, opened, what)
        self._looks[visitor.token, opened.conversation_id] = time.monotonic()
        while len(self._looks) > _MOST_LOOKS:
            self._looks.popitem(last=False)

    async def _write_down(self, visitor: Visitor, opened: Opened, what: str) -> None:
        await self._storage.access_log.add(
            visitor.staff.id,
            visitor.place,
            what,
            customer_id=opened.customer_id,
            conversation_id=opened.conversation_id,
        )


def _number(request: Request, name: str) -> int:
    text = request.query_params.get(name, "0")
    if not (text.isascii() and text.isdigit() and len(text) <= 16):
        raise Refused(400, "bad_request")
    return min(int(text), _LARGEST)
