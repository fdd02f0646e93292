"""Accounts as admins manage them: inviting, roles, switching off and on, and help for whoever is locked out."""

from collections.abc import Awaitable, Callable, Mapping

from starlette.requests import Request
from starlette.responses import Response

from bot.desk.account import ROLES
from bot.desk.answers import Refused
from bot.desk.guard import Guard, Visitor, new_token
from bot.desk.pages import Pages
from bot.engine.signals import DESK, Signals
from domain.staff import Role, Staff, StaffError, checked_alias, checked_name
from handlers.catalogue import Texts
from storage.opening import Storage
from storage.staff import LINK_LASTS, PASSWORD

_Step = Callable[[str, Mapping[str, str], Staff], Awaitable[str]]


class StaffPages:
    """public_url: under which links are given out; empty: the address that the admin's browser uses."""

    def __init__(
        self, storage: Storage, signals: Signals, guard: Guard, pages: Pages, errors: Texts, public_url: str
    ) -> None:
        self._accounts, self._factors = storage.accounts, storage.factors
        self._signals, self._guard, self._pages, self._errors = signals, guard, pages, errors
        self._public_url = public_url
        self._steps: Mapping[str, _Step] = {
            "revoke": self._revoke,
            "disable": self._disable,
            "enable": self._enable,
            "role": self._change_role,
            "factor": self._reset_factor,
        }

    async def show(self, request: Request, visitor: Visitor) -> Response:
        return await self._page(request, visitor)

    async def invite(self, request: Request, visitor: Visitor) -> Response:
        """A new account and the link for its owner, which is shown once."""
        form = await self._guard.read(request, visitor)
        given = {name: form.get(name, "").strip() for name in ("name", "alias", "role")}
        try:
            name, alias = checked_name(given["name"]), checked_alias(given["alias"])
            person = await self._accounts.add(name, alias, self._role(given["role"]), visitor.staff)
        except StaffError as error:
            return await self._page(request, visitor, error=str(error), given=given)
        return await self._link(request, visitor, person)

    async def take(self, request: Request, visitor: Visitor) -> Response:
        """One step with one account."""
        form = await self._guard.read(request, visitor)
        name, step = request.path_params["name"], request.path_params["step"]
        if step == "link":
            return await self._link(request, visitor, await self._usable(name))
        if step not in self._steps:
            raise Refused(404, "bad_request")
        try:
            said = await self._steps[step](name, form, visitor.staff)
        except StaffError as error:
            return await self._page(request, visitor, error=str(error))
        # Open streams look again who their person is, here and in other processes.
        self._signals.tell([DESK])
        return await self._page(request, visitor, said=said)

    async def _revoke(self, name: str, _form: Mapping[str, str], by: Staff) -> str:
        await self._accounts.revoke_link(name, by)
        return f"{name}: 보낸 링크를 취소했습니다."

    async def _disable(self, name: str, _form: Mapping[str, str], by: Staff) -> str:
        await self._accounts.disable(name, by)
        return f"{name}: 사용을 중지했습니다. 로그인되어 있던 곳은 모두 끝났습니다."

    async def _enable(self, name: str, _form: Mapping[str, str], by: Staff) -> str:
        await self._accounts.enable(name, by)
        return f"{name}: 다시 쓸 수 있습니다."

    async def _change_role(self, name: str, form: Mapping[str, str], by: Staff) -> str:
        changed = await self._accounts.change_role(name, self._role(form.get("role", "")), by)
        return f"{name}: 역할은 이제 {ROLES[changed.role]}입니다."

    async def _reset_factor(self, name: str, _form: Mapping[str, str], by: Staff) -> str:
        person = await self._usable(name)
        if person.id == by.id:
            raise StaffError(self._errors("error.own_factor"))
        await self._factors.reset(person, by)
        return f"{name}: 2단계 인증을 초기화했습니다. 로그인되어 있던 곳은 모두 끝났습니다."

    async def _link(self, request: Request, visitor: Visitor, person: Staff) -> Response:
        token = new_token()
        await self._accounts.new_link(PASSWORD, person.id, token, LINK_LASTS, visitor.staff)
        here = f"{request.url.scheme}://{request.headers.get('host', '')}{request.scope.get('root_path', '')}"
        link = f"{self._public_url or here}/desk/welcome#{token}"
        return await self._page(request, visitor, link=link, invited=person)

    async def _usable(self, name: str) -> Staff:
        found = await self._accounts.find(name)
        if found is None or found.staff.disabled:
            raise StaffError(self._errors("error.no_such_staff"))
        return found.staff

    def _role(self, text: str) -> Role:
        try:
            return Role(text)
        except ValueError:
            raise StaffError(self._errors("error.no_such_role")) from None

    async def _page(
        self,
        request: Request,
        visitor: Visitor,
        *,
        error: str = "",
        said: str = "",
        link: str = "",
        invited: Staff | None = None,
        given: Mapping[str, str] | None = None,
    ) -> Response:
        return self._pages.show(
            request,
            "staff.html",
            409 if error else 200,
            visitor=visitor,
            proof=visitor.proof,
            accounts=await self._accounts.overview(),
            roles=ROLES,
            error=error,
            said=said,
            link=link,
            invited=invited,
            given=given or {"name": "", "alias": "", "role": Role.AGENT.value},
        )
