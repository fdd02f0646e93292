"""Files that a customer sends: taken in, given back to the same customer, referred to by messages."""

import asyncio
from collections.abc import Callable, Sequence
from urllib.parse import quote

import sqlalchemy as sa
import structlog
from starlette.requests import Request
from starlette.responses import Response

from bot.channels.web.answers import DATA_HEADERS, Refused, answer
from bot.channels.web.filetypes import kind_of, safe_name, type_of
from bot.channels.web.limits import Gate
from bot.channels.web.reading import PostedFile, read_file
from bot.channels.web.sessions import Session
from domain.clock import Clock
from domain.messages import Attachment
from storage.files import TooManyFiles, reference
from storage.opening import Storage
from storage.times import to_us

_PURGE_EVERY = 600.0  # seconds
log = structlog.get_logger()


class SessionFiles:
    """Every look-up goes by the session's own conversation: nobody reaches another one's file."""

    def __init__(
        self,
        storage: Storage,
        channel: str,
        session: Callable[[Request], Session],
        clock: Clock,
        gate: Gate | None,
    ) -> None:
        self._files, self._conversations, self._channel = storage.files, storage.conversations, channel
        self._session, self._clock, self._gate = session, clock, gate

    async def upload(self, request: Request) -> Response:
        address = self._session(request).address
        leave = self._gate.upload(request, address) if self._gate is not None else None
        try:
            conversation = await self._conversations.find(self._channel, address)
            content = await read_file(request)
            if conversation is None:
                raise Refused(409, "not_begun")
            mime = type_of(content)
            if not mime:
                raise Refused(415, "file_type")
            try:
                file_id = await self._files.add(conversation, content, mime, to_us(self._clock()))
            except TooManyFiles:
                raise Refused(409, "too_many_files") from None
        finally:
            if leave is not None:
                leave()
        return answer({"id": file_id, "type": mime, "size": len(content)}, 201)

    async def give(self, request: Request) -> Response:
        conversation, file_id = await self._place(request)
        facts = await self._files.facts(conversation, file_id)
        content = await self._files.content(conversation, file_id)
        if facts is None or content is None:
            raise Refused(404, "no_file")
        headers = DATA_HEADERS | {
            "Content-Disposition": f"attachment; filename*=UTF-8''{quote(safe_name('', facts.type))}",
            "Content-Security-Policy": "default-src 'none'; sandbox",
        }
        return Response(content, headers=headers, media_type=facts.type)

    async def remove(self, request: Request) -> Response:
        """What was taken out before it was sent is not kept."""
        conversation, file_id = await self._place(request)
        await self._files.remove(conversation, file_id)
        return Response(status_code=204, headers=DATA_HEADERS)

    async def attach(self, address: str, posted: Sequence[PostedFile], platform_id: str) -> tuple[Attachment, ...]:
        """Hold uploads of this session for a message. Raises Refused when one is not (or no longer) there."""
        conversation = await self._conversations.find(self._channel, address)
        held = None
        if conversation is not None:
            now = to_us(self._clock())
            held = await self._files.hold(conversation, [p.id for p in posted], platform_id, now)
        if held is None:
            raise Refused(404, "no_file")
        return tuple(
            Attachment(kind_of(f.type), reference(f.id), safe_name(p.name, f.type), f.type, f.size)
            for p, f in zip(posted, held, strict=True)
        )

    async def sent(self, conversation: int, posted: Sequence[PostedFile], seq: int) -> None:
        await self._files.refer(conversation, [p.id for p in posted], seq)

    async def run(self) -> None:
        """Purge uploads that no message came for, until cancelled."""
        while True:
            try:
                if gone := await self._files.purge(self._channel, to_us(self._clock())):
                    log.info("uploads_purged", count=gone)
            except (sa.exc.SQLAlchemyError, OSError) as error:  # the database is away: next time
                log.error("purge_failed", error=type(error).__name__)
            await asyncio.sleep(_PURGE_EVERY)

    async def _place(self, request: Request) -> tuple[int, str]:
        address = self._session(request).address
        if self._gate is not None:
            self._gate.file(address)
        conversation = await self._conversations.find(self._channel, address)
        if conversation is None:
            raise Refused(404, "no_file")
        return conversation, request.path_params["file"]
