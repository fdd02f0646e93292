"""A person's own second factor: set up with a QR code, recovery codes, and taken away again."""

from datetime import timedelta

import segno
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import Response

from bot.desk.guard import Guard, Visitor
from bot.desk.identity import Identity
from bot.desk.pages import Pages
from domain.clock import Clock
from domain.staff import StaffError
from domain.totp import address, shown
from handlers.catalogue import Texts
from storage.opening import Storage

_FRESH = timedelta(minutes=10)  # after the sign-in the password is not asked for again


class FactorPages:
    """Secrets and recovery codes are shown in the answer to the step that makes them, and nowhere else."""

    def __init__(
        self, storage: Storage, guard: Guard, pages: Pages, identity: Identity, errors: Texts, shop: str, clock: Clock
    ) -> None:
        self._factors, self._guard, self._pages = storage.factors, guard, pages
        self._identity, self._errors, self._shop, self._clock = identity, errors, shop, clock

    async def show(self, request: Request, visitor: Visitor) -> Response:
        return await self._page(request, visitor)

    async def begin(self, request: Request, visitor: Visitor) -> Response:
        form = await self._guard.read(request, visitor)
        if not self._is_fresh(visitor) and not visitor.secured:
            try:
                await self._identity.check(visitor.staff, form.get("password", ""), "")
            except StaffError as error:
                return await self._page(request, visitor, str(error))
        secret = await self._factors.begin(visitor.staff)
        if secret is None:
            return await self._page(request, visitor, self._errors("error.factor_is_on"))
        return await self._page(request, visitor, secret=secret)

    async def confirm(self, request: Request, visitor: Visitor) -> Response:
        form = await self._guard.read(request, visitor)
        codes = await self._factors.confirm(visitor.staff, form.get("code", ""), visitor.token)
        if codes is not None:
            return await self._page(request, visitor, codes=codes)
        secret = await self._factors.begun(visitor.staff)
        key = "setup_too_late" if secret is None else "wrong_setup_code"
        return await self._page(request, visitor, self._errors(f"error.{key}"), secret=secret or "")

    async def renew(self, request: Request, visitor: Visitor) -> Response:
        if error := await self._refusal(request, visitor):
            return await self._page(request, visitor, error)
        return await self._page(request, visitor, codes=await self._factors.renew(visitor.staff) or [])

    async def remove(self, request: Request, visitor: Visitor) -> Response:
        if error := await self._refusal(request, visitor):
            return await self._page(request, visitor, error)
        await self._factors.remove(visitor.staff)
        return await self._page(request, visitor, done=True)

    async def _refusal(self, request: Request, visitor: Visitor) -> str:
        form = await self._guard.read(request, visitor)
        try:
            await self._identity.check(visitor.staff, form.get("password", ""), form.get("code", ""))
        except StaffError as error:
            return str(error)
        return ""

    def _is_fresh(self, visitor: Visitor) -> bool:
        return self._clock() - visitor.since < _FRESH

    async def _page(
        self,
        request: Request,
        visitor: Visitor,
        error: str = "",
        *,
        secret: str = "",
        codes: list[str] | None = None,
        done: bool = False,
    ) -> Response:
        return self._pages.show(
            request,
            "factor.html",
            409 if error else 200,
            visitor=visitor,
            proof=visitor.proof,
            error=error,
            factor=await self._factors.of(visitor.staff.id),
            fresh=self._is_fresh(visitor),
            secret=" ".join(secret[i : i + 4] for i in range(0, len(secret), 4)),
            picture=_picture(address(secret, visitor.staff.name, self._shop)) if secret else "",
            codes=[shown(code) for code in codes or ()],
            done=done,
        )


def _picture(text: str) -> Markup:
    """A QR code as SVG, black on white in light and dark alike: many cameras read no other."""
    drawn = segno.make(text, error="m", micro=False).svg_inline(border=4, light="#fff", svgclass="qr", omitsize=True)
    return Markup(drawn)  # noqa: S704 - made of squares alone
