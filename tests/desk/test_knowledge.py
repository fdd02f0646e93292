"""The knowledge base at the desk, as its pages and scripts ask for it: roles, saving, conflicts, import, publishing."""

import asyncio
from collections.abc import AsyncIterator
from html import unescape
from typing import Any

import httpx
import pytest
import pytest_asyncio

from domain.staff import Role
from tests.desk.knowing import POLICY, Admin, admin, knowing
from tests.desk.service import Running
from tests.desk.test_rules import KNOWLEDGE_STEPS

pytestmark = pytest.mark.asyncio(loop_scope="session")

FIELDS = {
    "id": "coupons",
    "title": "쿠폰 쓰기",
    "kind": "answer",
    "document": POLICY,
    "clause": "제14조",
    "effective": "2026-12-01",
    "action": "",
    "aliases": "쿠폰 어떻게 써요\n\n 할인권 사용법 ",
    "questions": "쿠폰은 몇 장까지 돼요?",
    "body": "쿠폰은 한 번에 한 장씩 쓰십니다.\r\n\r\n- 다른 할인과 함께 쓰실 수 없습니다.",
}
PAGES = ("", "/new", "/e/delivery", "/gaps", "/import", "/publish", "/versions", "/diff?from=1&to=0")


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def service(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Running]:
    async with knowing(tmp_path_factory.mktemp("knowing")) as running:
        yield running


@pytest_asyncio.fixture(loop_scope="session")
async def me(service: Running) -> AsyncIterator[Admin]:
    async with service.client() as http:
        yield await admin(service, http)


@pytest_asyncio.fixture(loop_scope="session")
async def other(service: Running) -> AsyncIterator[Admin]:
    async with service.client() as http:
        yield await admin(service, http)


async def save_new(who: Admin, **fields: str) -> httpx.Response:
    return await who.post("save", entry=None, etag="", fields=FIELDS | fields)


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.ADMIN])
async def test_everybody_but_admins_is_refused_clearly(service: Running, role: Role) -> None:
    async with service.client() as http:
        member = await admin(service, http, role)
        for path in PAGES:
            answer = await http.get(f"/desk/knowledge{path}")
            assert (answer.status_code, "이 화면을 볼 권한이 없습니다" in answer.text) == (403, True)
        for path in KNOWLEDGE_STEPS:
            answer = await member.post(path)
            assert (answer.status_code, answer.json()["error"]) == (403, "wrong_role")
        assert "/desk/knowledge" not in (await http.get("/desk/")).text


async def test_a_forged_request_changes_nothing(me: Admin) -> None:
    answer = await me.http.post("/desk/knowledge/save", json={"entry": None, "etag": "", "fields": FIELDS})
    assert (answer.status_code, answer.json()["error"]) == (403, "forged")
    headers = {"X-Desk-Token": me.proof, "Origin": "https://evil.example"}
    answer = await me.http.post("/desk/knowledge/remove", json={"entry": "delivery", "etag": ""}, headers=headers)
    assert answer.status_code == 403
    assert (await me.http.get("/desk/knowledge/e/coupons")).status_code == 409


async def test_every_page_keeps_the_safe_headers_and_says_its_place(me: Admin) -> None:
    for path in PAGES:
        answer = await me.http.get(f"/desk/knowledge{path}")
        assert answer.status_code == 200, path
        assert "unsafe" not in answer.headers["content-security-policy"]
        assert 'aria-current="page">지식</a>' in answer.text


async def test_a_preview_is_what_the_customer_reads_and_a_wrong_text_names_its_field(me: Admin) -> None:
    said = (await me.post("preview", fields=FIELDS)).json()
    assert said["message"]["text"].startswith("쿠폰은 한 번에")
    assert said["message"]["source"] == f"{POLICY} 제14조 · 제2판 · 2026-12-01 시행"
    assert said["fields"]["aliases"] == "쿠폰 어떻게 써요\n할인권 사용법"
    again = (await me.post("preview", text=said["text"])).json()
    assert again == said
    for field, value, reason in (
        ("body", " \n", "본문이 비어"),
        ("id", "쿠 폰", "id에는"),
        ("title", "", "title가 비어"),
        ("effective", "내일", "날짜가 아닙니다"),
    ):
        answer = await me.post("preview", fields=FIELDS | {field: value})
        assert answer.status_code == 422
        assert reason in answer.json()["message"]
        assert answer.json()["field"] in (field, "")
    answer = await me.post("preview", text="---\nid: a\ntitle: b\nkind: answr\n---\n글\n")
    assert (answer.json()["line"], answer.json()["field"]) == (4, "kind")


async def test_an_entry_is_saved_found_changed_and_taken_out_again(me: Admin) -> None:
    made = await save_new(me)
    assert (made.status_code, made.json()["state"]) == (200, "added")
    assert made.json()["fields"]["body"] == "쿠폰은 한 번에 한 장씩 쓰십니다.\n\n- 다른 할인과 함께 쓰실 수 없습니다."
    assert (await save_new(me)).json() == made.json()  # a second click
    listed = (await me.http.get("/desk/knowledge", params={"q": "할인권", "state": "added"})).text
    assert "쿠폰 쓰기" in listed
    assert "배송 기간" not in listed
    wrong = await me.post(
        "save", entry="coupons", etag=made.json()["etag"], fields=FIELDS | {"aliases": "반품하고 싶어요"}
    )
    assert (wrong.status_code, wrong.json()["field"]) == (422, "aliases")
    assert "returns" in wrong.json()["message"]
    changed = await me.post("save", entry="coupons", etag=made.json()["etag"], fields=FIELDS | {"title": "쿠폰"})
    assert changed.json()["fields"]["title"] == "쿠폰"
    history = (await me.http.get("/desk/knowledge/e/coupons")).text
    assert history.count(f"<b>{me.staff.name}</b>") == 2
    gone = await me.post("revert", entry="coupons", etag=changed.json()["etag"])
    assert gone.json() == {"id": "coupons"}
    assert (await me.http.get("/desk/knowledge/e/coupons")).status_code == 409


async def test_of_two_admins_the_second_reads_the_firsts_words_and_keeps_his_own(me: Admin, other: Admin) -> None:
    etag = await me.etag("delivery")
    fields = (await me.post("preview", text=await text_of(me, "delivery"))).json()["fields"]
    first = await other.post("save", entry="delivery", etag=etag, fields=fields | {"body": "사흘 안에 보냅니다."})
    assert first.status_code == 200
    second = await me.post("save", entry="delivery", etag=etag, fields=fields | {"body": "이틀 안에 보냅니다."})
    said: dict[str, Any] = second.json()
    assert (second.status_code, said["error"], said["theirs"]["by"]) == (409, "changed", other.staff.name)
    assert said["theirs"]["fields"]["body"] == "사흘 안에 보냅니다."
    assert "먼저 고쳤습니다" in said["message"]
    for step in ("remove", "revert"):
        assert (await me.post(step, entry="delivery", etag=etag)).status_code == 409
    kept = await me.post("save", entry="delivery", etag=said["theirs"]["etag"], fields=fields | {"body": "이틀 안에."})
    assert kept.json()["fields"]["body"] == "이틀 안에."
    assert (await me.post("remove", entry="delivery", etag=kept.json()["etag"])).status_code == 200
    late = await other.post("save", entry="delivery", etag=first.json()["etag"], fields=fields)
    assert (late.status_code, late.json()["theirs"]["text"]) == (409, "")
    page = unescape((await me.http.get("/desk/knowledge/e/delivery")).text)
    assert "삭제 되돌리기" in page
    assert (await me.post("revert", entry="delivery", etag="")).json()["state"] == "unchanged"


async def text_of(who: Admin, entry_id: str) -> str:
    found = await who.post("revert", entry=entry_id, etag=await who.etag(entry_id))
    text: str = found.json()["text"]
    return text


async def test_markup_is_text_everywhere(me: Admin) -> None:
    evil = "<script>document.title='x'</script>"
    made = await save_new(me, title=evil, body=evil, aliases=evil, id="evil")
    assert made.status_code == 200
    for path in ("?q=script", "/e/evil", "/publish", "/diff?from=1&to=0"):
        page = (await me.http.get(f"/desk/knowledge{path}")).text
        assert "<script>document" not in page
        assert "&lt;script&gt;" in page
    await me.post("revert", entry="evil", etag=made.json()["etag"])


async def test_a_question_is_tried_on_unsaved_words_beside_what_is_live(me: Admin) -> None:
    said = (await me.post("try", question="쿠폰은 몇 장까지 쓸 수 있나요", entry="", fields=FIELDS)).json()
    assert said["draft"][0]["candidates"][0] | {"score": 0} == {"id": "coupons", "title": "쿠폰 쓰기", "score": 0}
    assert all(c["id"] != "coupons" for c in said["live"][0]["candidates"])
    assert (await me.post("try", question=" ")).json()["error"] == "no_question"
    assert (await me.post("try", question="가" * 2_000)).status_code == 413
    wrong = await me.post("try", question="쿠폰", fields=FIELDS | {"body": ""})
    assert (wrong.status_code, wrong.json()["field"]) == (422, "body")


TERMS = f"""{POLICY}

제9조(배송)
주문하신 날 보내 드립니다.

제20조(분쟁)
분쟁은 소비자원에 조정을 구하실 수 있습니다.
"""


async def test_a_document_proposes_entries_and_only_those_chosen_are_put_in(me: Admin, other: Admin) -> None:
    said = (await me.post("import/propose", name="terms.txt", text=TERMS)).json()["proposals"]
    assert [(p["entry"], p["standing"]) for p in said] == [("delivery", "differs"), ("terms-20", "new")]
    assert said[0]["lines"][0] == [["same", "주문하신"], ["removed", " 다음"], ["same", " 날 보내 드립니다."]]
    chosen = [{key: p[key] for key in ("entry", "text", "etag")} for p in said]
    put = await me.post("import/take", entries=chosen[1:])
    assert put.json() == {"added": ["terms-20"], "changed": []}
    assert (await me.post("import/take", entries=chosen[1:])).json()["error"] == "conflict"  # a second time
    etag = await other.etag("delivery")
    fields = (await other.post("preview", text=chosen[0]["text"])).json()["fields"]
    assert (
        await other.post("save", entry="delivery", etag=etag, fields=fields | {"body": "다른 글"})
    ).status_code == 200
    late = await me.post("import/take", entries=chosen[:1])
    assert (late.status_code, "'delivery'" in late.json()["message"]) == (409, True)
    for entry_id in ("delivery", "terms-20"):
        assert (await me.post("revert", entry=entry_id, etag=await me.etag(entry_id))).status_code == 200


async def test_a_document_that_cannot_be_read_says_where(me: Admin) -> None:
    twice = await me.post("import/propose", name="terms.txt", text=TERMS + "\n제9조(또)\n글\n")
    assert (twice.status_code, twice.json()["line"]) == (422, 9)
    assert (await me.post("import/propose", name="terms.pdf", text="x")).status_code == 415
    assert (await me.post("import/propose", name="", format="text", text=" ")).json()["error"] == "empty"
    assert (await me.post("import/propose", name="", format="word", text="x")).status_code == 400
    assert (await me.post("import/take", entries=[])).json()["error"] == "nothing_chosen"


async def test_the_gate_publishing_once_and_the_way_back(service: Running, me: Admin) -> None:
    assert (await me.once("publish")).json()["message"].startswith("초안이 지금 게시된 내용과 같습니다")
    made = await save_new(me)
    report = (await me.post("check")).json()
    assert (report["added"], report["broken"], report["asked"]) == (["coupons"], [], 3)
    page = (await me.http.get("/desk/knowledge/publish")).text
    assert '<ins><span class="hidden">[추가] </span>쿠폰은 한 번에 한 장씩 쓰십니다.' in page
    first, again = await asyncio.gather(*(me.post("publish", id="same-step", note="쿠폰") for _ in range(2)))
    assert first.json() == again.json() == {"version": 2}
    assert (await service.storage.knowledge.history())[0].note == "쿠폰"
    back, twice = [await me.post("rollback", id="back-step", version=1) for _ in range(2)]
    assert back.json() == twice.json() == {"version": 3}
    assert "제3판" in (await me.http.get("/desk/knowledge/versions")).text
    assert "쿠폰 쓰기" not in (await me.http.get("/desk/knowledge")).text
    assert (await me.once("rollback", version=99)).status_code == 409
    assert made.json()["id"] == "coupons"


async def test_a_publish_that_breaks_a_question_asks_for_a_reason(service: Running, me: Admin) -> None:
    text = await text_of(me, "returns")
    fields = (await me.post("preview", text=text)).json()["fields"]
    vague = {"title": "그 밖의 안내", "aliases": "기타 문의", "body": "그 밖의 안내입니다."}
    assert (
        await me.post("save", entry="returns", etag=await me.etag("returns"), fields=fields | vague)
    ).status_code == 200
    refused = await me.once("publish", note="")
    assert (refused.status_code, refused.json()["error"]) == (409, "broken")
    assert [b["question"] for b in refused.json()["report"]["broken"]] == ["반품은 언제까지 돼요?"]
    done = await me.once("publish", note="", override="다른 곳으로 옮겼습니다")
    assert done.status_code == 200
    assert "다른 곳으로 옮겼습니다" in unescape((await me.http.get("/desk/knowledge/versions")).text)
    await me.once("rollback", version=1)


async def test_the_measure_of_answering_is_fitted_reviewed_and_reset_with_the_draft(
    service: Running, me: Admin
) -> None:
    few = await me.once("model", step="fit")
    assert (few.status_code, "40개 이상" in few.json()["message"]) == (409, True)
    fields = (await me.post("preview", text=await text_of(me, "returns"))).json()["fields"]
    asked = "\n".join(
        f"{n}일 지났는데 {what} 되나요" for n in range(3, 13) for what in ("반품", "교환", "환불", "취소")
    )
    saved = await me.post("save", entry="returns", etag=await me.etag("returns"), fields=fields | {"questions": asked})
    assert saved.status_code == 200
    assert (await me.once("model", step="fit")).status_code == 200
    page = (await me.http.get("/desk/knowledge/publish")).text
    assert "답하는 기준</summary>" in page
    assert (await me.post("check")).json()["added"] == ["~model"]
    assert "~model" not in (await me.http.get("/desk/knowledge")).text
    assert (await me.once("model", step="reset")).status_code == 200
    assert "답하는 기준</summary>" not in (await me.http.get("/desk/knowledge/publish")).text
    await me.post("revert", entry="returns", etag=await me.etag("returns"))


async def test_with_two_persons_another_admin_approves_exactly_what_goes_live(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    async with (
        knowing(tmp_path_factory.mktemp("two"), two_person=True) as service,
        service.client() as first,
        service.client() as second,
    ):
        author, reviewer = await admin(service, first), await admin(service, second)
        await save_new(author)
        alone = await author.once("publish")
        assert (alone.status_code, "승인이 필요합니다" in alone.json()["message"]) == (409, True)
        assert (await author.once("review", step="submit", remark="쿠폰 안내입니다")).status_code == 200
        assert (await author.once("review", step="approve")).status_code == 409
        page = unescape((await second.get("/desk/knowledge/publish")).text)
        assert "쿠폰 안내입니다" in page
        assert "승인하기" in page
        assert "승인하기" not in (await first.get("/desk/knowledge/publish")).text
        assert (await reviewer.once("review", step="return")).status_code == 409  # no reason given
        assert (await reviewer.once("review", step="approve", remark="좋습니다")).status_code == 200
        await author.post("save", entry="coupons", etag=await author.etag("coupons"), fields=FIELDS | {"title": "쿠폰"})
        assert "검토가 취소되었습니다" in (await first.get("/desk/knowledge/publish")).text
        assert (await author.once("publish")).status_code == 409
        await author.once("review", step="submit")
        await reviewer.once("review", step="approve")
        assert (await author.once("publish")).json() == {"version": 2}
        assert f"승인 {reviewer.staff.name}" in (await first.get("/desk/knowledge/versions")).text


async def test_bad_requests_are_refused(me: Admin) -> None:
    for path, body in (
        ("save", {"entry": 1, "etag": "", "fields": FIELDS}),
        ("save", {"entry": None, "etag": "", "fields": {"id": 1}}),
        ("save", {"entry": None, "etag": "", "fields": FIELDS | {"kind": "x"}}),
        ("preview", {}),
        ("remove", {"entry": None}),
        ("publish", {"id": "x"}),
        ("review", {"id": "12345678", "step": "jump"}),
        ("rollback", {"id": "12345678", "version": "1"}),
        ("model", {"id": "12345678", "step": "guess"}),
    ):
        assert (await me.post(path, **body)).status_code == 400, path
    for path in ("?page=x", "?state=x", "?kind=x", "/diff?from=a&to=1"):
        assert (await me.http.get(f"/desk/knowledge{path}")).status_code == 400, path
    assert (await me.http.get("/desk/knowledge/diff?from=1&to=77")).status_code == 409
    assert (await me.post("preview", text="가" * 200_000)).status_code == 413
