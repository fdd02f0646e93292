"""Accounts at the desk: codes that are guessed or used again, invitations, roles that are lost, help by an admin."""

import html
import re
from datetime import timedelta
from pathlib import Path

import httpx
import pyotp
import pytest

from domain.clock import system_clock
from domain.staff import Role, Staff
from domain.totp import RECOVERY_CODES, STEP
from handlers.staff_steps import take
from storage.sign_ins import FREE_TRIES
from tests.conftest import Urls
from tests.desk.conftest import Hire
from tests.desk.people import customer, does
from tests.desk.service import SECRET, Member, Running, proof_in, running
from tests.desk.test_live import watching

session = pytest.mark.asyncio(loop_scope="session")
OTHER = "다른 긴 비밀번호 5678"


def code_of(secret: str, steps: int = 1) -> str:
    """Of the next step, for the present one is used up by the set-up; it is taken as well."""
    return pyotp.TOTP(secret.replace(" ", "")).at(system_clock() + timedelta(seconds=steps * STEP))


async def secured(desk: Running, person: Staff) -> tuple[str, list[str]]:
    """Give an account a second factor: its secret and its recovery codes."""
    secret = await desk.storage.factors.begin(person)
    assert secret is not None
    codes = await desk.storage.factors.confirm(person, code_of(secret, 0), "")
    assert codes is not None
    return secret, codes


async def give_password(http: httpx.AsyncClient, name: str, password: str = SECRET) -> httpx.Response:
    page = await http.get("/desk/login")
    return await http.post("/desk/login", data={"proof": proof_in(page), "name": name, "password": password})


async def give_code(http: httpx.AsyncClient, code: str) -> httpx.Response:
    page = await http.get("/desk/login/code")
    proof = proof_in(page) if page.status_code == 200 else proof_in(await http.get("/desk/login"))
    return await http.post("/desk/login/code", data={"proof": proof, "code": code, "next": "/desk/me"})


async def asks(member: Member, path: str, **form: str) -> httpx.Response:
    return await member.http.post(path, data={"proof": member.proof} | form)


def link_in(answer: httpx.Response) -> str:
    found = re.search(r'<code id="link">(\S+)</code>', answer.text)
    assert found is not None, answer.text
    return html.unescape(found[1])


async def accepted(desk: Running, link: str, password: str = SECRET) -> httpx.Response:
    async with desk.client() as http:
        form = {"proof": proof_in(await http.get("/desk/welcome")), "link": link.partition("#")[2]}
        return await http.post("/desk/welcome/accept", data=form | {"password": password, "again": password})


@session
async def test_the_password_alone_opens_nothing(desk: Running, http: httpx.AsyncClient) -> None:
    person = await desk.hire("하늘")
    secret, codes = await secured(desk, person)
    answer = await give_password(http, person.name)
    assert answer.headers["location"].startswith("/desk/login/code")
    half = http.cookies["sangdam-code"]
    assert (await http.get("/desk/", headers={"Cookie": f"sangdam-desk={half}"})).status_code == 303
    wrong = await give_code(http, "000000" if code_of(secret) != "000000" else "111111")
    assert wrong.status_code == 401
    assert "코드가 맞지 않습니다" in wrong.text
    right = code_of(secret)
    answer = await give_code(http, right)
    assert answer.headers["location"] == "/desk/me"
    page = await http.get("/desk/me")
    assert f"남은 복구 코드는 {RECOVERY_CODES}개" in page.text
    async with desk.client() as other:
        await give_password(other, person.name)
        assert (await give_code(other, right)).status_code == 401, "seen over a shoulder"
        assert (await give_code(other, codes[0])).status_code == 303
    async with desk.client() as other:
        await give_password(other, person.name)
        again = await give_code(other, codes[0])
        assert again.status_code == 401
        assert (await other.get("/desk/")).status_code == 303


@session
@pytest.mark.parametrize("cookie", ["", "forged", "x" * 5_000])
async def test_a_code_without_a_password_before_it_leads_to_the_door(desk: Running, cookie: str) -> None:
    async with desk.client() as http:
        if cookie:
            http.cookies.set("sangdam-code", cookie)
        assert (await http.get("/desk/login/code")).headers["location"] == "/desk/login"
        answer = await give_code(http, "123456")
        assert answer.status_code == 401
        assert "처음부터 다시 로그인" in answer.text


@session
async def test_guessing_codes_locks_the_name_and_a_right_password_does_not_undo_it(desk: Running) -> None:
    person = await desk.hire("하늘")
    secret, codes = await secured(desk, person)
    async with desk.client() as http:
        tried = [(await give_password(http, person.name)).status_code]
        while tried[-1] != 429 and len(tried) < 2 * FREE_TRIES:
            tried.append((await give_code(http, "abcdefghij")).status_code)
            if tried[-1] == 401:
                tried.append((await give_password(http, person.name)).status_code)
        assert tried.count(401) < FREE_TRIES
        for code in (code_of(secret), codes[0]):
            locked = await give_code(http, code)
            assert locked.status_code == 429
            assert int(locked.headers["retry-after"]) > 20
        assert (await give_password(http, person.name)).status_code == 429
    assert (await desk.storage.factors.of(person.id)).recovery_left == RECOVERY_CODES


@session
async def test_a_link_for_the_password_does_not_replace_the_code(desk: Running, hired: Hire) -> None:
    admin, person = await hired(role=Role.ADMIN), await desk.hire("바다")
    await secured(desk, person)
    answer = await accepted(desk, link_in(await asks(admin, f"/desk/staff/{person.name}/link")), OTHER)
    assert answer.headers["location"].startswith("/desk/login/code")


@session
async def test_an_admin_invites_and_the_newest_link_counts_once(desk: Running, hired: Hire) -> None:
    admin = await hired(role=Role.ADMIN)
    name = f"new-{admin.staff.id}"
    form = {"name": name.upper(), "alias": "새 직원", "role": "supervisor"}
    for wrong, words in (({"name": "한글"}, "영문 소문자"), ({"alias": " "}, "별칭은"), ({"role": "king"}, "역할을")):
        refused = await asks(admin, "/desk/staff", **(form | wrong))
        assert refused.status_code == 409
        assert words in refused.text
        assert "새 직원" in refused.text or "alias" in wrong, "what was typed is kept"
    first = link_in(await asks(admin, "/desk/staff", **form))
    assert first.startswith(f"{desk.url}/desk/welcome#")
    again = await asks(admin, "/desk/staff", **form)
    assert "이미 있는 이름" in again.text
    second = link_in(await asks(admin, f"/desk/staff/{name}/link"))
    assert (await accepted(desk, first)).status_code == 410
    assert (await accepted(desk, second)).status_code == 303
    assert (await accepted(desk, second)).status_code == 410
    third = link_in(await asks(admin, f"/desk/staff/{name}/link"))
    assert "취소했습니다" in (await asks(admin, f"/desk/staff/{name}/revoke")).text
    assert (await accepted(desk, third)).status_code == 410
    assert (await asks(admin, f"/desk/staff/{name}/revoke")).status_code == 409
    assert (await asks(admin, f"/desk/staff/{name}/erase")).status_code == 404
    assert (await asks(admin, "/desk/staff/nobody-at-all/disable")).status_code == 409
    assert third.partition("#")[2] not in (await admin.http.get("/desk/staff")).text


@session
async def test_no_admin_shuts_himself_out(hired: Hire) -> None:
    admin = await hired(role=Role.ADMIN)
    for step, form in (("disable", {}), ("role", {"role": "agent"}), ("factor", {})):
        refused = await asks(admin, f"/desk/staff/{admin.staff.name}/{step}", **form)
        assert refused.status_code == 409
        assert "자기 계정" in refused.text
    assert (await admin.http.get("/desk/staff")).status_code == 200


@session
async def test_a_role_that_is_lost_ends_what_it_showed_also_in_open_pages(desk: Running, hired: Hire) -> None:
    admin, member = await hired(role=Role.ADMIN), await hired(role=Role.PRIVACY_OFFICER)
    other, person = await desk.hire("바다"), customer(desk.storage)
    await person.waits()
    await does(desk.storage, other, person.conversation, "take", take)
    async with watching(member, person.conversation) as events:
        await events.until("state", sees=True)
        assert "상담원입니다" in (await asks(admin, f"/desk/staff/{member.staff.name}/role", role="agent")).text
        await events.until("hidden", alias="바다")
    for path in ("/desk/access", f"/desk/c/{person.conversation}"):
        assert (await member.http.get(path)).status_code == 403
    async with watching(member) as events:
        await events.until("ready")
        await asks(admin, f"/desk/staff/{member.staff.name}/disable")
        await events.until("ended")
    assert (await member.http.get("/desk/")).status_code == 303
    assert (await member.sign_in()).status_code == 401
    await asks(admin, f"/desk/staff/{member.staff.name}/enable")
    assert (await member.sign_in()).status_code == 303


@session
async def test_an_admin_helps_whoever_lost_phone_and_codes(desk: Running, hired: Hire) -> None:
    admin, member = await hired(role=Role.ADMIN), await hired()
    await secured(desk, member.staff)
    assert "초기화했습니다" in (await asks(admin, f"/desk/staff/{member.staff.name}/factor")).text
    assert (await member.http.get("/desk/")).status_code == 303
    assert (await member.sign_in()).headers["location"] == "/desk/"


@session
async def test_a_new_password_needs_the_old_one_and_ends_all_other_sessions(desk: Running, hired: Hire) -> None:
    member = await hired()
    async with desk.client() as other:
        elsewhere = Member(other, member.staff)
        await elsewhere.sign_in()
        form = {"password": SECRET, "new": OTHER, "again": OTHER}
        for wrong, words in (
            ({"password": "틀린 비밀번호 1"}, "현재 비밀번호가 맞지 않습니다"),
            ({"new": "짧은것", "again": "짧은것"}, "10자 이상"),
            ({"again": SECRET}, "서로 다릅니다"),
        ):
            refused = await asks(member, "/desk/me/password", **(form | wrong))
            assert refused.status_code == 409
            assert words in refused.text
        assert (await other.get("/desk/")).status_code == 200
        before = dict(member.http.cookies)
        assert (await asks(member, "/desk/me/password", **form)).headers["location"] == "/desk/me?changed"
        assert (await member.http.get("/desk/me?changed")).status_code == 200
        assert (await other.get("/desk/")).status_code == 303
        assert (await elsewhere.sign_in()).status_code == 401
        assert (await elsewhere.sign_in(OTHER)).status_code == 303
        other.cookies.update(before)
        assert (await other.get("/desk/")).status_code == 303, "the session of before"


@session
async def test_one_sees_and_ends_ones_own_sessions(desk: Running, hired: Hire) -> None:
    member = await hired()
    await asks(member, "/desk/me/sessions")
    async with desk.client() as other:
        other.headers["User-Agent"] = "Mozilla/5.0 (iPhone; CPU) AppleWebKit Version/18 Safari/605 <script>"
        elsewhere = Member(other, member.staff)
        await elsewhere.sign_in()
        page = (await member.http.get("/desk/me")).text
        assert "Safari · iPhone" in page
        assert "Mozilla" not in page
        [there] = re.findall(r'name="id" value="(\w+)"', page)
        stranger = await hired()
        await asks(stranger, "/desk/me/sessions", id=there)
        assert (await other.get("/desk/")).status_code == 200
        await asks(member, "/desk/me/sessions", id=there)
        assert (await other.get("/desk/")).status_code == 303
        await elsewhere.sign_in()
        await asks(member, "/desk/me/sessions")
        assert (await other.get("/desk/")).status_code == 303
    assert (await member.http.get("/desk/")).status_code == 200


@session
async def test_taking_the_factor_away_needs_password_and_code(desk: Running, hired: Hire) -> None:
    member = await hired()
    _, codes = await secured(desk, member.staff)
    await give_password(member.http, member.staff.name)
    await give_code(member.http, codes[0])
    member.proof = re.findall(r'data-proof="([0-9a-f]{64})"', (await member.http.get("/desk/me/factor")).text)[0]
    assert "이미 쓰고" in (await asks(member, "/desk/me/factor/begin")).text
    for form in ({}, {"password": SECRET}, {"password": SECRET, "code": codes[0]}, {"code": codes[1]}):
        assert (await asks(member, "/desk/me/factor/off", **form)).status_code == 409
    renewed = await asks(member, "/desk/me/factor/recovery", password=SECRET, code=codes[1])
    fresh = re.findall(r"<code>(\w{5}-\w{5})</code>", renewed.text)
    assert len(set(fresh)) == RECOVERY_CODES
    assert (await asks(member, "/desk/me/factor/off", password=SECRET, code=codes[2])).status_code == 409
    assert "껐습니다" in (await asks(member, "/desk/me/factor/off", password=SECRET, code=fresh[0])).text
    assert not (await desk.storage.factors.of(member.staff.id)).on


async def test_whoever_must_have_a_factor_gets_no_further_without(sqlite_urls: Urls, tmp_path: Path) -> None:
    async with (
        sqlite_urls.open() as storage,
        running(storage, tmp_path, second_factor="admins") as desk,
        desk.client() as http,
        desk.client() as other,
    ):
        admin, agent = Member(http, await desk.hire("대표", Role.ADMIN)), Member(other, await desk.hire("하늘"))
        assert (await agent.sign_in()).headers["location"] == "/desk/"
        assert (await give_password(http, admin.staff.name)).headers["location"] == "/desk/"
        for path in ("/desk/", "/desk/staff", "/desk/access", "/desk/me", "/desk/c/1"):
            assert (await http.get(path)).headers["location"] == "/desk/me/factor"
        refused = await http.get("/desk/stream")
        assert (refused.status_code, refused.json()["error"]) == (403, "factor_needed")
        page = await http.get("/desk/me/factor")
        assert "설정하셔야" in page.text
        admin.proof = proof_in(page)
        secret = re.findall(r'id="secret">([A-Z2-7 ]+)<', (await asks(admin, "/desk/me/factor/begin")).text)[0]
        wrong = await asks(admin, "/desk/me/factor/confirm", code="abc")
        assert wrong.status_code == 409
        assert secret in wrong.text
        done = await asks(admin, "/desk/me/factor/confirm", code=code_of(secret, 0))
        assert len(re.findall(r"<code>\w{5}-\w{5}</code>", done.text)) == RECOVERY_CODES
        assert (await http.get("/desk/staff")).status_code == 200
        # An agent who becomes an admin must have one as well, from the next click on.
        await asks(admin, f"/desk/staff/{agent.staff.name}/role", role="admin")
        assert (await other.get("/desk/")).headers["location"] == "/desk/me/factor"
