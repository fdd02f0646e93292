"""A person's own page, and the record of looks at personal data."""

import secrets

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from bot.desk.answers import Refused, read_form
from bot.desk.guard import Guard, Visitor
from bot.desk.pages import Pages
from domain.staff import Staff
from storage.opening import Storage
from storage.staff import TELEGRAM
from storage.times import SECOND

CODE_LASTS = 10 * 60 * SECOND
_LETTERS = "ABCDEFGHJKMNPQRSTVWXYZ23456789"  # without those that look alike
_PAGE = 100


class Account:
    def __init__(self, storage: Storage, guard: Guard, pages: Pages) -> None:
        self._storage, self._guard, self._pages = storage, guard, pages

    async def show(self, request: Request, visitor: Visitor) -> Response:
        return await self._page(request, visitor)

    async def new_code(self, request: Request, visitor: Visitor) -> Response:
        """The code is shown once; the newest counts."""
        await self._read(request, visitor)
        code = "".join(secrets.choice(_LETTERS) for _ in range(10))
        await self._storage.accounts.new_link(TELEGRAM, visitor.staff.id, code, CODE_LASTS)
        return await self._page(request, visitor, code)

    async def leave_telegram(self, request: Request, visitor: Visitor) -> Response:
        await self._read(request, visitor)
        await self._storage.accounts.leave_telegram(visitor.staff)
        return RedirectResponse(f"{request.scope.get('root_path', '')}/desk/me", 303)

    async def access(self, request: Request, visitor: Visitor) -> Response:
        before = request.query_params.get("before", "")
        if before and not (before.isascii() and before.isdigit() and len(before) < 16):
            raise Refused(400, "bad_request")
        await self._storage.access_log.add(visitor.staff.id, visitor.place, "access_log.opened")
        looks = await self._storage.access_log.rows(int(before) if before else None, _PAGE)
        more = looks[-1].id if len(looks) == _PAGE else None
        return self._pages.show(
            request, "access.html", visitor=visitor, proof=visitor.proof, looks=looks, more=more, words=LOOKS
        )

    async def _page(self, request: Request, visitor: Visitor, code: str = "") -> Response:
        joined = await self._storage.accounts.has_telegram(visitor.staff.id)
        shown = f"{code[:5]}-{code[5:]}" if code else ""
        return self._pages.show(
            request, "me.html", visitor=visitor, proof=visitor.proof, joined=joined, code=shown, roles=ROLES
        )

    async def _read(self, request: Request, visitor: Visitor) -> dict[str, str]:
        form = await read_form(request)
        self._guard.check_proof(form.get("proof", ""), visitor.token)
        return form


async def join(storage: Storage, user: str, code: str) -> Staff | None:
    """What a Telegram user sent in private joins him to the account that showed the code."""
    plain = "".join(c for c in code.upper() if c.isalnum())
    return await storage.accounts.join_telegram(plain, user) if plain else None


ROLES = {
    "agent": "상담원",
    "supervisor": "상담 관리자",
    "privacy_officer": "개인정보 보호책임자",
    "admin": "관리자",
}
LOOKS = {
    "conversation.opened": "대화와 이름을 열어 봄",
    "conversation.followed": "대화를 이어서 봄",
    "file.opened": "첨부 파일을 열어 봄",
    "gaps.read": "답하지 못한 질문을 열어 봄",
    "access_log.opened": "접근 기록을 열어 봄",
}
