"""The policy's pages, the clauses beside the chat, and the headers all pages carry."""

import re
from collections.abc import AsyncIterator
from html import unescape

import httpx
import pytest
import pytest_asyncio

from bot.channels.web.policy import Block, blocks
from knowledge.files import default_dir, load_dir
from tests.conftest import Urls
from tests.web.conftest import client
from tests.web.service import Service, serving

pytestmark = pytest.mark.asyncio(loop_scope="session")

OLD = """---
id: returns
title: 반품
kind: answer
document: 상점 정책
clause: 제10조
---
7일 안에 반품하실 수 있습니다.

- 포장을 뜯지 않은 상품
- <b>영수증</b>이 있는 상품
"""
NEW = OLD.replace("7일", "14일").replace("clause: 제10조", "clause: 제10조\neffective: 2026-12-01")
SAME = "---\nid: 배송\ntitle: 배송 & 포장\nkind: answer\ndocument: 상점 정책\nclause: 제9조\n---\n다음 날 보냅니다.\n"
CHAT = "---\nid: hello\ntitle: 인사\nkind: chat\n---\n안녕하세요.\n"


@pytest_asyncio.fixture(loop_scope="session")
async def empty(sqlite_urls: Urls) -> AsyncIterator[Service]:
    async with sqlite_urls.open() as storage, serving(storage, answers=False) as running:
        yield running


@pytest_asyncio.fixture(loop_scope="session")
async def twice_published(empty: Service) -> Service:
    knowledge = empty.storage.knowledge
    day = 86_400_000_000
    now = 1_767_193_200_000_000  # 2026-01-01 00:00 in Seoul
    await knowledge.publish({"returns": OLD, "배송": SAME, "hello": CHAT}, after=0, by="test", note="", now=now)
    await knowledge.publish({"returns": NEW, "배송": SAME, "hello": CHAT}, after=1, by="test", note="", now=now + day)
    return empty


async def test_every_quoted_entry_has_its_anchor(http: httpx.AsyncClient) -> None:
    page = unescape((await http.get("/policy")).text)
    quoted = [entry for entry in load_dir(default_dir()) if entry.document]
    assert len(quoted) > 30
    assert sorted(re.findall(r'<article class="clause" id="([^"]+)"', page)) == sorted(e.id for e in quoted)
    for entry in quoted:
        assert entry.clause in page
        assert entry.body.split("\n")[0] in page


async def test_the_preamble_comes_first_and_numbers_in_their_order(http: httpx.AsyncClient) -> None:
    page = (await http.get("/policy")).text
    places = [page.index(f'id="{entry}"') for entry in ("preamble", "essential_collection", "optional_collection")]
    assert places == sorted(places)
    places = [page.index(f'id="{entry}"') for entry in ("data_access", "data_portability", "data_correction")]
    assert places == sorted(places)  # 제35조, 제35조의2, 제36조


async def test_every_version_stays_readable(twice_published: Service) -> None:
    async with client(twice_published) as http:
        latest, old, new = [unescape((await http.get(f"/policy{v}")).text) for v in ("", "/1", "/2")]
    assert latest == new
    assert "14일 안에" in new
    assert "2026-12-01" in new  # the entry's own effective date
    assert "이용 정책 제2판" in new
    assert "7일 안에" in old
    assert "2026-01-01" in old  # the day it was published, in Seoul
    assert "지난 판입니다" in old
    assert "지난 판입니다" not in new
    assert "안녕하세요" not in new  # quotes nothing
    assert 'id="배송"' in new


async def test_markup_in_an_entry_is_text(twice_published: Service) -> None:
    async with client(twice_published) as http:
        page = (await http.get("/policy")).text
    assert "&lt;b&gt;영수증" in page
    assert "배송 &amp; 포장" in page


async def test_a_clause_says_whether_it_still_stands(twice_published: Service) -> None:
    async with client(twice_published) as http:
        old, same, new = [(await http.get(f"/policy/{p}")).json() for p in ("1/returns", "1/배송", "2/returns")]
    assert (old["latest"], old["changed"], old["body"][:2]) == (2, True, "7일")
    assert (same["latest"], same["changed"], same["clause"]) == (2, False, "제9조")
    assert (new["latest"], new["changed"], new["effective"]) == (2, False, "2026-12-01")
    assert same["href"] == "policy/1#%EB%B0%B0%EC%86%A1"


async def test_what_is_not_there_gets_a_clear_word(twice_published: Service) -> None:
    async with client(twice_published) as http:
        for path in ("/policy/0", "/policy/3", f"/policy/{'9' * 40}"):
            response = await http.get(path)
            assert response.status_code == 404
            assert "그 판의 정책은 없습니다." in response.text
        for path in ("/policy/1/nothing", "/policy/9/returns", "/policy/1/hello", "/policy/1/..%2f..%2fetc"):
            assert (await http.get(path)).status_code == 404
        assert "그 조항을" in (await http.get("/policy/1/nothing")).json()["message"]


async def test_before_the_first_version_the_page_asks_for_patience(empty: Service) -> None:
    async with client(empty) as http:
        response = await http.get("/policy")
    assert response.status_code == 503
    assert "준비하고 있습니다" in response.text


async def test_pages_run_nothing_but_our_own_files(http: httpx.AsyncClient) -> None:
    for path, pictures in (("/", "'self' data: blob:"), ("/policy", "'self' data:"), ("/policy/999", "'self' data:")):
        response = await http.get(path)
        policy = dict(part.strip().split(" ", 1) for part in response.headers["content-security-policy"].split(";"))
        assert policy == {
            "default-src": "'none'",
            "script-src": "'self'",
            "style-src": "'self'",
            "connect-src": "'self'",
            "img-src": pictures,
            "frame-ancestors": "'self'",
            "base-uri": "'none'",
            "form-action": "'self'",
        }
        assert response.headers["x-content-type-options"] == "nosniff"
        assert response.headers["referrer-policy"] == "same-origin"
        assert not re.search(r"<style|<script(?![^>]*\ssrc=)|\sstyle=|\son[a-z]+=", response.text)
        assert "set-cookie" not in response.headers


async def test_files_are_fetched_again_only_when_they_changed(http: httpx.AsyncClient) -> None:
    page = (await http.get("/")).text
    loaded = re.findall(r'(?:src|href)="(/static/[^"]+)"', page)
    assert {"/static/base.css", "/static/chat.css", "/static/chat.js"} <= set(loaded)
    for path in loaded:
        first = await http.get(path)
        assert first.status_code == 200
        assert first.headers["cache-control"] == "no-cache"
        again = await http.get(path, headers={"If-None-Match": first.headers["etag"]})
        assert again.status_code == 304
    for path in ("/static/../chat.py", "/static/%2e%2e/chat.py", "/static/", "/static/nothing.js"):
        assert (await http.get(path)).status_code == 404


async def test_the_body_of_an_entry_becomes_paragraphs_and_lists() -> None:
    assert blocks("하나\n- 가\n• 나\n\n둘\n\n\n- 다\n셋") == (
        Block(("하나",), False),
        Block(("가", "나"), True),
        Block(("둘",), False),
        Block(("다",), True),
        Block(("셋",), False),
    )
