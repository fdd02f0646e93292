"""The staff's door: passwords, links, sessions, and requests that somebody else forged."""

import asyncio
from datetime import timedelta

import httpx
import pytest

from domain.clock import system_clock
from domain.staff import Role, StaffError
from storage.opening import Storage
from storage.sessions import StaffSessions
from storage.sign_ins import FREE_TRIES, SignInTries
from storage.staff import PASSWORD, StaffAccounts
from tests.desk.conftest import Hire
from tests.desk.people import customer, staff_member
from tests.desk.service import SECRET, Member, Running, proof_in

session = pytest.mark.asyncio(loop_scope="session")


@session
async def test_wrong_name_and_wrong_password_read_the_same(desk: Running, http: httpx.AsyncClient) -> None:
    staff = await desk.hire("하늘")
    answers = []
    for name, password in ((staff.name, "틀린비밀번호123"), ("no-such-name", SECRET), ("<b>", SECRET)):
        page = await http.get("/desk/login")
        form = {"proof": proof_in(page), "name": name, "password": password}
        answer = await http.post("/desk/login", data=form)
        assert answer.status_code == 401
        answers.append(answer.text.replace(name, "NAME").replace("&lt;b&gt;", "NAME"))
    assert len(set(answers)) == 1
    assert "이름 또는 비밀번호가 맞지 않습니다." in answers[0]
    assert "<b>" not in answers[0]


@session
@pytest.mark.parametrize("known", [True, False])
async def test_guessing_locks_the_name_also_one_that_nobody_has(desk: Running, known: bool) -> None:
    staff = await desk.hire("하늘")
    name = staff.name if known else f"no-{staff.name}"
    async with desk.client() as http:
        page = await http.get("/desk/login")
        form = {"proof": proof_in(page), "name": name, "password": "틀린비밀번호123"}
        tries = [(await http.post("/desk/login", data=form)).status_code for _ in range(FREE_TRIES)]
        assert tries == [401] * FREE_TRIES
        locked = await http.post("/desk/login", data=form | {"password": SECRET})
        assert locked.status_code == 429
        assert 25 <= int(locked.headers["retry-after"]) <= 31
        assert "여러 번 틀려" in locked.text


async def test_the_lock_grows_and_many_tries_at_once_all_count(storage: Storage) -> None:
    now = system_clock()
    tries = SignInTries(storage.database, storage.hashes, lambda: now)
    waits = await asyncio.gather(*(tries.count("name") for _ in range(3 * FREE_TRIES)))
    assert sum(w == 0.0 for w in waits) == FREE_TRIES
    pauses = []
    for _ in range(4):
        pauses.append(await tries.count("name"))
        now += timedelta(seconds=pauses[-1] + 1)
        assert await tries.count("name") == 0.0
    assert pauses == sorted(pauses)
    assert pauses[-1] > 4 * pauses[0]
    await tries.forget("name")
    assert await tries.count("name") == 0.0


@session
async def test_a_link_makes_a_password_once(desk: Running) -> None:
    staff = await desk.storage.accounts.add("link-once", "바다", Role.AGENT)
    await desk.storage.accounts.new_link(PASSWORD, staff.id, "the-token-of-the-link", 3600 * 10**6)
    async with desk.client() as http:
        page = await http.get("/desk/welcome")
        form = {"proof": proof_in(page), "link": "the-token-of-the-link"}
        checked = await http.post("/desk/welcome", data=form)
        assert "link-once" in checked.text
        bad = await http.post("/desk/welcome/accept", data=form | {"password": "짧은것", "again": "짧은것"})
        assert bad.status_code == 409
        assert "10자 이상" in bad.text
        good = form | {"password": SECRET, "again": SECRET}
        both = await asyncio.gather(*(http.post("/desk/welcome/accept", data=good) for _ in range(2)))
        assert sorted(r.status_code for r in both) == [303, 410]
        for path in ("/desk/welcome", "/desk/welcome/accept"):
            again = await http.post(path, data=form | {"password": SECRET, "again": SECRET})
            assert again.status_code in (403, 410)
    async with desk.client() as http:
        page = await http.get("/desk/welcome")
        for link in ("the-token-of-the-link", "forged", ""):
            answer = await http.post("/desk/welcome", data={"proof": proof_in(page), "link": link})
            assert answer.status_code == 410
            assert "이미 쓰였거나" in answer.text


async def test_an_old_link_and_the_first_link_after_the_first_account_are_refused(storage: Storage) -> None:
    now = system_clock()
    accounts = StaffAccounts(storage.database, storage.hashes, lambda: now)
    for token in ("one", "two"):
        await accounts.new_link("first", None, token, 10**6)
    made = await accounts.use_link("one", "hash", "first", "처음")
    assert made is not None
    assert made.role is Role.ADMIN
    assert await accounts.use_link("two", "hash", "second", "둘째") is None
    staff = await accounts.add("third", "셋째", Role.AGENT)
    await accounts.new_link(PASSWORD, staff.id, "three", 10**6)
    now += timedelta(seconds=2)
    assert await accounts.use_link("three", "hash", "", "") is None
    with pytest.raises(StaffError, match="이미 있는 이름"):
        await accounts.add("third", "다른", Role.AGENT)


async def test_sessions_end_by_age_idleness_and_order(storage: Storage) -> None:
    now = system_clock()
    sessions = StaffSessions(storage.database, lambda: now)
    staff = await storage.accounts.add("someone", "하늘", Role.AGENT)
    for token in ("busy", "idle", "ended", "watching"):
        await sessions.open(staff.id, token)
    await sessions.end("ended")
    assert await sessions.find("ended") is None
    assert await sessions.find("never") is None
    for _ in range(11):
        now += timedelta(hours=1)
        assert await sessions.find("busy") is not None
        await sessions.find("watching", touch=False)
    assert await sessions.find("idle") is None
    assert await sessions.find("watching") is None
    now += timedelta(hours=1, seconds=1)
    assert await sessions.find("busy") is None
    await sessions.open(staff.id, "new")
    await storage.accounts.disable("someone")
    assert await sessions.find("new") is None


@session
async def test_signing_out_ends_the_session_on_the_server(hired: Hire) -> None:
    member = await hired()
    kept = dict(member.http.cookies)
    answer = await member.http.post("/desk/logout", data={"proof": member.proof})
    assert answer.headers["location"] == "/desk/login"
    member.http.cookies.update(kept)
    assert (await member.http.get("/desk/")).status_code == 303


@session
async def test_what_another_site_sends_is_refused(desk: Running, hired: Hire) -> None:
    member = await hired()
    person = customer(desk.storage)
    await person.waits()
    path, body = f"/desk/c/{person.conversation}/steps", {"id": "12345678", "kind": "take"}
    good = {"X-Desk-Token": member.proof}
    for headers in (
        {},
        {"X-Desk-Token": "0" * 64},
        good | {"Origin": "https://evil.example"},
        good | {"Origin": "null"},
        good | {"Sec-Fetch-Site": "cross-site"},
    ):
        answer = await member.http.post(path, json=body, headers=headers)
        assert answer.status_code == 403, headers
    for url in ("/desk/logout", "/desk/me/telegram", "/desk/me/telegram/leave"):
        assert (await member.http.post(url, data={"proof": "0" * 64})).status_code == 403
    assert (await member.http.get("/desk/")).status_code == 200
    assert (await member.http.post(path, json=body, headers=good | {"Origin": desk.url})).status_code == 200


@session
@pytest.mark.parametrize(
    ("back", "to"),
    [
        ("/desk/me", "/desk/me"),
        ("//evil.example/desk/", "/desk/"),
        ("https://evil.example/desk/", "/desk/"),
        ("/desk/\\evil", "/desk/"),
        ("/elsewhere", "/desk/"),
    ],
)
async def test_after_signing_in_one_comes_back_to_the_desk_only(desk: Running, back: str, to: str) -> None:
    async with desk.client() as http:
        answer = await Member(http, await desk.hire("하늘")).sign_in(back=back)
        assert answer.headers["location"] == to


@session
async def test_cookies_are_for_this_site_and_for_no_script(desk: Running) -> None:
    async with desk.client() as http:
        answer = await Member(http, await desk.hire("하늘")).sign_in()
        cookie = next(c for c in answer.headers.get_list("set-cookie") if c.startswith("sangdam-desk="))
        assert "HttpOnly" in cookie
        assert "SameSite=lax" in cookie


@session
@pytest.mark.parametrize("what", [b"", b"[]", b"{", b'{"id": 1}', b'{"id": "12345678", "kind": "erase"}', b"\xff"])
async def test_nonsense_is_answered_with_a_word(desk: Running, hired: Hire, what: bytes) -> None:
    member = await hired()
    answer = await member.http.post("/desk/c/1/steps", content=what, headers={"X-Desk-Token": member.proof})
    assert answer.status_code == 400
    assert answer.json()["message"]


async def test_a_telegram_user_is_joined_by_a_code_that_is_good_once(storage: Storage) -> None:
    now = system_clock()
    accounts = StaffAccounts(storage.database, storage.hashes, lambda: now)
    one, other = await staff_member(storage, "하늘"), await staff_member(storage, "바다")
    await accounts.new_link("telegram", one.id, "CODE1", 600 * 10**6)
    assert await accounts.by_telegram("77") is None
    assert await accounts.join_telegram("WRONG", "77") is None
    assert await accounts.join_telegram("CODE1", "77") == one
    assert await accounts.join_telegram("CODE1", "77") == one  # the platform may bring it twice
    assert await accounts.join_telegram("CODE1", "88") is None
    assert await accounts.by_telegram("77") == one
    assert await accounts.use_link("CODE1", "hash", "x", "x") is None
    await accounts.new_link("telegram", other.id, "CODE2", 600 * 10**6)
    assert await accounts.join_telegram("CODE2", "77") == other
    assert await accounts.by_telegram("77") == other
    await accounts.disable(other.name)
    assert await accounts.by_telegram("77") is None
    await accounts.new_link("telegram", one.id, "CODE3", 600 * 10**6)
    now += timedelta(seconds=601)
    assert await accounts.join_telegram("CODE3", "77") is None
