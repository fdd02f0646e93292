"""Every route of the program says who may use it, and the desk's keep to it."""

from pathlib import Path

import httpx
import pytest
from pydantic import SecretStr
from starlette.routing import Route

from bot.app import compose
from bot.desk import DeskFiles, DeskRoute
from bot.parts import assemble
from bot.rules import RULES, rules_of
from bot.settings import Settings
from domain.staff import Role
from storage.opening import Storage
from tests.analysis import thread_analysis
from tests.conftest import Urls
from tests.desk.conftest import Hire
from tests.desk.service import Running


async def routes_of(storage: Storage, folder: Path) -> list[object]:
    settings = Settings(
        data_dir=folder,
        public_url="https://shop.example",
        telegram_token=SecretStr("1:token"),
        telegram_mode="webhook",
        telegram_webhook_secret=SecretStr("secret"),
    )
    parts = assemble(settings, storage, thread_analysis())
    service = await compose(settings, parts)
    service.close()
    return list(service.routes)


async def test_every_route_has_a_rule(sqlite_urls: Urls, tmp_path: Path) -> None:
    async with sqlite_urls.open() as storage:
        routes = await routes_of(storage, tmp_path)
    found = rules_of(routes)  # type: ignore[arg-type]
    assert [route for route, rule in found.items() if rule is None] == []
    paths = {route.partition(" ")[2] for route in found}
    assert set(RULES) - paths == set(), "a rule for a route that is gone"
    assert {"/telegram/webhook", "/chat/stream", "/metrics", "/desk/c/{id:int}/steps"} <= paths
    desk = [r for r in routes if getattr(r, "path", "").startswith("/desk")]
    assert all(isinstance(r, DeskRoute | DeskFiles) for r in desk)


def test_a_route_without_a_rule_is_found() -> None:
    async def endpoint(_request: object) -> None: ...

    assert rules_of([Route("/new", endpoint)]) == {"GET /new": None}


KNOWLEDGE_PAGES = ("", "/new", "/e/{entry}", "/gaps", "/import", "/publish", "/versions", "/diff")
KNOWLEDGE_STEPS = (
    *("preview", "try", "save", "remove", "revert", "import/propose", "import/take"),
    *("check", "publish", "rollback", "review", "model", "gaps/{step}"),
)
DESK = [
    ("GET", "/desk/", True),
    ("GET", "/desk", True),
    ("GET", "/desk/find?number=1", True),
    ("GET", "/desk/c/1", True),
    ("POST", "/desk/c/1/steps", False),
    ("GET", "/desk/c/1/files/{file}", True),
    ("GET", "/desk/stream", False),
    ("POST", "/desk/presence", False),
    ("GET", "/desk/team", True),
    ("POST", "/desk/team/1", False),
    ("GET", "/desk/me", True),
    ("POST", "/desk/me/telegram", True),
    ("POST", "/desk/me/telegram/leave", True),
    ("POST", "/desk/logout", True),
    *(("POST", f"/desk/me/{step}", True) for step in ("password", "sessions")),
    ("GET", "/desk/me/factor", True),
    *(("POST", f"/desk/me/factor/{step}", True) for step in ("begin", "confirm", "recovery", "off")),
    ("GET", "/desk/staff", True),
    ("POST", "/desk/staff", True),
    ("POST", "/desk/staff/{name}/{step}", True),
    ("GET", "/desk/access", True),
    ("POST", "/desk/access/check", True),
    ("POST", "/desk/access/export", True),
    *(("GET", f"/desk/knowledge{path}", True) for path in KNOWLEDGE_PAGES),
    *(("POST", f"/desk/knowledge/{step}", False) for step in KNOWLEDGE_STEPS),
    ("GET", "/desk/knowledge/check", False),
    ("GET", "/desk/knowledge/find", False),
]


@pytest.mark.asyncio(loop_scope="session")
@pytest.mark.parametrize(("method", "path", "page"), DESK)
@pytest.mark.parametrize("cookie", ["", "forged"])
async def test_without_a_session_pages_redirect_and_data_is_refused(
    http: httpx.AsyncClient, method: str, path: str, page: bool, cookie: str
) -> None:
    headers = {"Cookie": f"sangdam-desk={cookie}"} if cookie else {}
    answer = await http.request(method, path, headers=headers)
    if page:
        assert answer.status_code == 303
        assert answer.headers["location"].startswith("/desk/login")
    else:
        assert answer.status_code == 401
        assert answer.json()["error"] == "signed_out"


@pytest.mark.asyncio(loop_scope="session")
async def test_the_list_above_is_complete(desk: Running, sqlite_urls: Urls, tmp_path: Path) -> None:
    async with sqlite_urls.open() as storage:
        routes = await routes_of(storage, tmp_path)
    signed = {r.path for r in routes if isinstance(r, DeskRoute) and r.rule.roles is not None}
    assert signed == {
        path.partition("?")[0].replace("/c/1", "/c/{id:int}").replace("/team/1", "/team/{staff:int}")
        for _, path, _ in DESK
    }


@pytest.mark.asyncio(loop_scope="session")
@pytest.mark.parametrize("role", list(Role))
async def test_the_access_log_is_for_its_roles(hired: Hire, role: Role) -> None:
    member = await hired(role=role)
    form = {"proof": member.proof}
    for answer in (
        await member.http.get("/desk/access"),
        await member.http.post("/desk/access/check", data=form),
        await member.http.post("/desk/access/export", data=form),
    ):
        assert answer.status_code == (200 if role in (Role.ADMIN, Role.PRIVACY_OFFICER) else 403)
        assert ("권한이 없습니다" in answer.text) == (answer.status_code == 403)


@pytest.mark.asyncio(loop_scope="session")
@pytest.mark.parametrize("role", sorted(set(Role) - {Role.ADMIN}))
async def test_accounts_are_for_admins(desk: Running, hired: Hire, role: Role) -> None:
    member, other = await hired(role=role), await desk.hire("바다")
    form = {"proof": member.proof, "role": "admin", "name": "by-nobody", "alias": "없음"}
    for answer in (
        await member.http.get("/desk/staff"),
        await member.http.post("/desk/staff", data=form),
        *[
            await member.http.post(f"/desk/staff/{other.name}/{step}", data=form)
            for step in ("link", "revoke", "disable", "enable", "role", "factor")
        ],
    ):
        assert answer.status_code == 403
        assert "권한이 없습니다" in answer.text
    assert other in await desk.storage.accounts.all()
    assert await desk.storage.accounts.find("by-nobody") is None


@pytest.mark.asyncio(loop_scope="session")
async def test_every_answer_carries_the_headers_that_keep_it_safe(hired: Hire) -> None:
    member = await hired()
    for path in ("/desk/", "/desk/login", "/desk/welcome", "/desk/me", "/desk/c/999999"):
        headers = (await member.http.get(path, follow_redirects=True)).headers
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert headers["cache-control"] == "no-store"
        assert headers["x-content-type-options"] == "nosniff"
