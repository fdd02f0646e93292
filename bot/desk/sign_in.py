"""Coming in and going out: password, second factor, signing out, and the link that makes an account's password."""

from urllib.parse import quote, urlsplit

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from bot.desk.answers import Refused, read_form
from bot.desk.devices import device_of
from bot.desk.guard import Guard, Visitor, network_of, new_token, place_of, proof_of
from bot.desk.limits import Buckets, DeskLimits
from bot.desk.pages import Pages
from bot.desk.passwords import LONGEST, Passwords, checked_twice
from domain.staff import Staff, StaffError, checked_alias, checked_name
from handlers.catalogue import Texts
from storage.opening import Storage
from storage.staff import FIRST

_DOOR = "door"  # the cookie of a browser that has not signed in
_CODE = "code"  # of one that has given the password and not yet the second factor


class SignIn:
    def __init__(
        self,
        storage: Storage,
        guard: Guard,
        pages: Pages,
        passwords: Passwords,
        errors: Texts,
        limits: DeskLimits | None,
    ) -> None:
        self._accounts, self._sessions, self._factors = storage.accounts, storage.sessions, storage.factors
        self._tries, self._guard, self._pages = storage.sign_ins, guard, pages
        self._passwords, self._errors = passwords, errors
        self._rates = None if limits is None else Buckets(limits.sign_ins)

    async def show(self, request: Request) -> Response:
        if await self._guard.visitor(request) is not None:
            return self._inside(request, "")
        return self._form(request, "login.html", next=request.query_params.get("next", ""))

    async def enter(self, request: Request) -> Response:
        """The answer to a wrong name and to a wrong password is the same, and takes as long."""
        form = await self._read(request)
        name, password = form.get("name", "").strip().lower()[:100], form.get("password", "")
        back = form.get("next", "")
        if wait := await self._tries.count(name):
            return self._again(request, Refused(429, "locked", wait), name, back)
        found = await self._accounts.find(name)
        stored = "" if found is None or found.staff.disabled else found.password
        if not await self._passwords.right(stored, password[: LONGEST + 1]) or found is None:
            return self._again(request, Refused(401, "wrong_password"), name, back)
        if self._passwords.is_old(stored):
            await self._accounts.change_hash(found.staff.id, await self._passwords.hash(password))
        return await self._let_in(request, found.staff, back)

    async def ask_code(self, request: Request) -> Response:
        if await self._sessions.awaiting_code(self._code_token(request)) is None:
            return RedirectResponse(f"{request.scope.get('root_path', '')}/desk/login", 303)
        return self._form(request, "code.html", next=request.query_params.get("next", ""))

    async def take_code(self, request: Request) -> Response:
        """Tries count together with those of the password, so that neither is guessed on the other's account."""
        form = await self._read(request)
        back, token = form.get("next", ""), self._code_token(request)
        person = await self._sessions.awaiting_code(token)
        if person is None:
            return self._again(request, Refused(401, "code_too_late"), "", back)
        if wait := await self._tries.count(person.name):
            return self._again(request, Refused(429, "locked", wait), "", back, "code.html")
        if not await self._factors.prove(person, form.get("code", "")):
            return self._again(request, Refused(401, "wrong_code"), "", back, "code.html")
        await self._sessions.end(token)
        return await self._open(request, person, back)

    async def leave(self, request: Request, visitor: Visitor) -> Response:
        form = await self._guard.read(request, visitor)
        if form.get("everywhere"):
            await self._sessions.end_all(visitor.staff.id)
        else:
            await self._sessions.end(visitor.token)
        response = RedirectResponse(f"{request.scope.get('root_path', '')}/desk/login", 303)
        self._guard.drop_cookie(response, request)
        return response

    async def welcome(self, request: Request) -> Response:
        """The link's token stands behind a # and reaches us only with the form."""
        return self._form(request, "welcome.html", name="", alias="", first=True, link="")

    async def check_link(self, request: Request) -> Response:
        """What a link is for, before anybody chooses a password in vain."""
        form = await self._read(request)
        link = form.get("link", "")
        found = await self._accounts.link(link)
        if found is None:
            raise Refused(410, "old_link")
        purpose, owner = found
        name, alias = (owner.name, owner.alias) if owner else ("", "")
        return self._form(request, "welcome.html", name=name, alias=alias, first=purpose == FIRST, link=link)

    async def accept(self, request: Request) -> Response:
        form = await self._read(request)
        link, name, alias = form.get("link", ""), form.get("name", ""), form.get("alias", "")
        password, again = form.get("password", ""), form.get("again", "")
        found = await self._accounts.link(link)
        if found is None:
            raise Refused(410, "old_link")
        purpose, owner = found
        try:
            if purpose == FIRST:
                name, alias = checked_name(name), checked_alias(alias)
            else:
                name, alias = (owner.name, owner.alias) if owner else ("", "")
            hashed = await self._passwords.hash(checked_twice(password, again, name))
            staff = await self._accounts.use_link(link, hashed, name, alias)
        except StaffError as error:
            values = {"name": name, "alias": alias, "first": purpose == FIRST, "link": link}
            return self._form(request, "welcome.html", 409, error=str(error), **values)
        if staff is None:
            raise Refused(410, "old_link")
        return await self._let_in(request, staff, "")

    async def _read(self, request: Request) -> dict[str, str]:
        if self._rates is not None and (wait := self._rates.take(network_of(request))):
            raise Refused(429, "too_many", wait)
        form = await read_form(request)
        self._guard.check_proof(form.get("proof", ""), request.cookies.get(self._guard.cookie(request, _DOOR), ""))
        return form

    async def _let_in(self, request: Request, staff: Staff, back: str) -> Response:
        """The password, or a link in its place, was right."""
        if not (await self._factors.of(staff.id)).on:
            return await self._open(request, staff, back)
        token = new_token()
        await self._sessions.open(staff.id, token, place=place_of(request), awaits_code=True)
        query = f"?next={quote(back)}" if back else ""
        response = RedirectResponse(f"{request.scope.get('root_path', '')}/desk/login/code{query}", 303)
        self._guard.set_cookie(response, request, token, _CODE)
        return response

    async def _open(self, request: Request, staff: Staff, back: str) -> Response:
        await self._tries.forget(staff.name)
        response = self._inside(request, back)
        await self.renew(request, response, staff)
        for name in (_DOOR, _CODE):
            self._guard.drop_cookie(response, request, name)
        return response

    async def renew(self, request: Request, response: Response, staff: Staff) -> None:
        """Always a new session, so that none prepared by somebody else is taken over."""
        token, device = new_token(), device_of(request.headers.get("user-agent", ""))
        await self._sessions.open(staff.id, token, place=place_of(request), device=device)
        self._guard.set_cookie(response, request, token)

    def _code_token(self, request: Request) -> str:
        return request.cookies.get(self._guard.cookie(request, _CODE), "")

    def _inside(self, request: Request, back: str) -> Response:
        parts = urlsplit(back)
        safe = not parts.scheme and not parts.netloc and back.startswith("/desk/") and "\\" not in back
        return RedirectResponse(request.scope.get("root_path", "") + (back if safe else "/desk/"), 303)

    def _again(
        self, request: Request, refused: Refused, name: str, back: str, template: str = "login.html"
    ) -> Response:
        seconds = int(refused.retry_after) + 1
        words = self._errors(f"error.{refused.key}", seconds=seconds)
        response = self._form(request, template, refused.status, error=words, name=name, next=back)
        if refused.retry_after:
            response.headers["Retry-After"] = str(seconds)
        return response

    def _form(self, request: Request, template: str, status: int = 200, **values: object) -> Response:
        token = request.cookies.get(self._guard.cookie(request, _DOOR), "") or new_token()
        values = {"proof": proof_of(token), "error": "", "name": ""} | values
        response = self._pages.show(request, template, status, **values)
        self._guard.set_cookie(response, request, token, _DOOR)
        return response
