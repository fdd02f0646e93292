"""The access log's page: searched, checked against the ledger, and exported without harm."""

import csv
import io

import pytest
import sqlalchemy as sa

from domain.staff import Role
from storage.tables import access_log
from tests.desk.conftest import Hire
from tests.desk.people import customer
from tests.desk.service import Running
from tests.desk.test_accounts import asks

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_who_what_whose_and_when_are_searched(desk: Running, hired: Hire) -> None:
    officer, agent, person = await hired("보호", Role.PRIVACY_OFFICER), await hired("바다"), customer(desk.storage)
    number = await person.waits()
    await agent.http.get(f"/desk/c/{person.conversation}")
    opened = await desk.storage.desk.opened(person.conversation)
    assert opened is not None
    for query in (
        f"who={agent.staff.name}",
        f"who={agent.staff.name}&what=conversation.opened",
        f"whose={number}",
        f"whose=고객 {opened.customer_id}",
        f"who={agent.staff.name}&since=2026-01-01&until=2199-12-31",
    ):
        page = (await officer.http.get(f"/desk/access?{query}")).text
        assert f"고객 {opened.customer_id}</td>" in page, query
    for query in (f"who={agent.staff.name}&until=2026-01-01", f"whose={number}&what=file.opened", "whose=999999999"):
        page = (await officer.http.get(f"/desk/access?{query}")).text
        assert "찾으시는 기록이 없습니다." in page, query


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("since=gestern", "날짜를 2026-01-31처럼"),
        ("since=0001-01-01", "날짜를 2026-01-31처럼"),
        ("since=2026-02-02&until=2026-02-01", "끝 날짜가"),
        ("whose=260101-999999", "그런 접수번호가 없습니다"),
        ("whose=<script>", "그런 접수번호가 없습니다"),
        ("who=nobody-at-all", "쓸 수 있는 계정이 아닙니다"),
        ("before=x", "요청을 읽을 수 없습니다"),
        ("before=1-", "요청을 읽을 수 없습니다"),
    ],
)
async def test_what_cannot_be_searched_is_said(hired: Hire, query: str, words: str) -> None:
    officer = await hired("보호", Role.PRIVACY_OFFICER)
    answer = await officer.http.get(f"/desk/access?{query}")
    assert answer.status_code == 400
    assert words in answer.text
    assert "<script>" not in answer.text.partition("<main")[2]


async def test_the_export_is_logged_and_runs_no_formula(desk: Running, hired: Hire) -> None:
    officer = await hired("=1+1", Role.PRIVACY_OFFICER)
    await officer.http.get("/desk/access")
    answer = await asks(officer, "/desk/access/export", who=officer.staff.name)
    assert answer.content.startswith(b"\xef\xbb\xbf")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert "attachment" in answer.headers["content-disposition"]
    head, *rows = csv.reader(io.StringIO(answer.text.removeprefix("\ufeff")))
    assert head[:4] == ["번호", "언제", "이름", "별칭"]
    assert [(row[2], row[3], row[7]) for row in rows] == [
        (officer.staff.name, "'=1+1", "접근 기록을 파일로 내려받음"),
        (officer.staff.name, "'=1+1", "접근 기록을 열어 봄"),
    ]
    newest = (await desk.storage.access_log.rows(None, 1))[0]
    assert (newest.what, newest.name) == ("access_log.exported", officer.staff.name)
    refused = await asks(officer, "/desk/access/export", since="x")
    assert refused.status_code == 400
    assert (await officer.http.post("/desk/access/export", data={"proof": "0" * 64})).status_code == 403


async def test_pages_lead_on_and_keep_the_search(desk: Running, hired: Hire) -> None:
    officer, agent = await hired("보호", Role.PRIVACY_OFFICER), await hired("바다")
    for _ in range(101):
        await desk.storage.access_log.add(agent.staff.id, "127.0.0.1", "file.opened")
    page = (await officer.http.get(f"/desk/access?who={agent.staff.name}")).text
    assert page.count('data-label="언제"') == 100
    more = page.partition('<a href="/desk/access?')[2].partition('"')[0].replace("&amp;", "&")
    assert f"who={agent.staff.name}&before=" in more
    last = (await officer.http.get(f"/desk/access?{more}")).text
    assert last.count('data-label="언제"') == 1
    assert "이전 기록 보기" not in last
    assert "처음으로" in last


async def test_a_changed_row_is_found_by_the_ledger(desk: Running, hired: Hire) -> None:
    officer = await hired("보호", Role.PRIVACY_OFFICER)
    await officer.http.get("/desk/access")
    assert "모든 기록이 원장과 맞습니다" in (await asks(officer, "/desk/access/check")).text
    newest = (await desk.storage.access_log.rows(None, 1))[0]
    change = sa.update(access_log).where(access_log.c.id == newest.id)
    async with desk.storage.database.write() as connection:
        await connection.execute(change.values(place="10.0.0.1"))
    found = (await asks(officer, "/desk/access/check")).text
    async with desk.storage.database.write() as connection:
        await connection.execute(change.values(place=newest.place))
    assert f"1곳 있습니다. 기록이 바뀌었거나 지워졌을 수 있습니다: look/{newest.id}" in found
