"""A person's own page: password, Telegram, and where he is signed in."""

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from bot.desk.guard import Guard, Visitor
from bot.desk.identity import Identity
from bot.desk.pages import Pages
from bot.desk.passwords import Passwords, checked_twice
from bot.desk.sign_in import SignIn
from domain.staff import Staff, StaffError
from domain.totp import new_letters, plain_code, shown
from storage.opening import Storage
from storage.staff import TELEGRAM
from storage.times import SECOND

CODE_LASTS = 10 * 60 * SECOND


class Account:
    def __init__(
        self,
        storage: Storage,
        guard: Guard,
        pages: Pages,
        passwords: Passwords,
        identity: Identity,
        sign_in: SignIn,
    ) -> None:
        self._storage, self._guard, self._pages = storage, guard, pages
        self._passwords, self._identity, self._sign_in = passwords, identity, sign_in

    async def show(self, request: Request, visitor: Visitor) -> Response:
        return await self._page(request, visitor, changed="changed" in request.query_params)

    async def new_code(self, request: Request, visitor: Visitor) -> Response:
        """The code is shown once; the newest counts."""
        await self._guard.read(request, visitor)
        code = new_letters()
        await self._storage.accounts.new_link(TELEGRAM, visitor.staff.id, code, CODE_LASTS)
        return await self._page(request, visitor, code=shown(code))

    async def leave_telegram(self, request: Request, visitor: Visitor) -> Response:
        await self._guard.read(request, visitor)
        await self._storage.accounts.leave_telegram(visitor.staff)
        return _to_own_page(request)

    async def change_password(self, request: Request, visitor: Visitor) -> Response:
        """Ends every session; this browser gets a new one."""
        form = await self._guard.read(request, visitor)
        try:
            password = checked_twice(form.get("new", ""), form.get("again", ""), visitor.staff.name)
            await self._identity.check(visitor.staff, form.get("password", ""), form.get("code", ""))
        except StaffError as error:
            return await self._page(request, visitor, error=str(error))
        await self._storage.accounts.set_password(visitor.staff, await self._passwords.hash(password))
        response = _to_own_page(request, "?changed")
        await self._sign_in.renew(request, response, visitor.staff)
        return response

    async def end_sessions(self, request: Request, visitor: Visitor) -> Response:
        """One of the others by its id, or all of them."""
        form = await self._guard.read(request, visitor)
        if session_id := form.get("id", ""):
            await self._storage.sessions.end_one(visitor.staff.id, session_id)
        else:
            await self._storage.sessions.end_all(visitor.staff.id, but=visitor.token)
        return _to_own_page(request)

    async def _page(
        self, request: Request, visitor: Visitor, *, code: str = "", error: str = "", changed: bool = False
    ) -> Response:
        return self._pages.show(
            request,
            "me.html",
            409 if error else 200,
            visitor=visitor,
            proof=visitor.proof,
            joined=await self._storage.accounts.has_telegram(visitor.staff.id),
            factor=await self._storage.factors.of(visitor.staff.id),
            sessions=await self._storage.sessions.of(visitor.staff.id, visitor.token),
            code=code,
            error=error,
            changed=changed,
            roles=ROLES,
        )


async def join(storage: Storage, user: str, code: str) -> Staff | None:
    """What a Telegram user sent in private joins him to the account that showed the code."""
    plain = plain_code(code)
    return await storage.accounts.join_telegram(plain, user) if plain else None


def _to_own_page(request: Request, query: str = "") -> Response:
    return RedirectResponse(f"{request.scope.get('root_path', '')}/desk/me{query}", 303)


ROLES = {
    "agent": "상담원",
    "supervisor": "상담 관리자",
    "privacy_officer": "개인정보 보호책임자",
    "admin": "관리자",
}
