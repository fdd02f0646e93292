"""What a customer meets in Telegram, on both databases: answers, buttons, files, blocks, faults of the platform."""

import asyncio
import re
from typing import Any

import pytest

from bot.channels.telegram.render import units
from domain.messages import Author, Delivery
from tests.acceptance.house import House
from tests.acceptance.process import PATIENCE, until

pytestmark = pytest.mark.asyncio(loop_scope="module")
QUESTION = "선택 동의를 안 하면 어떻게 되나요?"
ENTRY = "optional_collection"


async def test_the_bot_introduces_itself_and_takes_the_webhook_away(house: House) -> None:
    assert house.api.webhook.hook is None
    (commands,) = house.api.world.commands.values()
    assert [c["command"] for c in commands] == ["help", "privacy", "request", "agent"]
    assert house.texts("telegram.description") in house.api.world.profile["description"].values()
    assert house.texts("telegram.short_description") in house.api.world.profile["short_description"].values()
    assert house.api.world.menu_buttons[None] == {"type": "commands"}
    assert set(house.api.last_poll["allowed_updates"]) == {
        "message",
        "edited_message",
        "callback_query",
        "my_chat_member",
    }


async def test_first_contact_tells_who_runs_the_bot_and_asks(house: House) -> None:
    chat = house.chat()
    house.api.say(chat, "/start")
    (asked,) = await house.sent(chat, contains=house.words("welcome.age"))
    notice = house.api.texts(chat)[0]
    for key in ("welcome.overseas", "welcome.staff"):
        assert house.texts(key) in notice
    keyboard = house.api.sent(chat)[0].markup or {}
    assert [b["text"] for row in keyboard["keyboard"] for b in row][:2] == ["질문하기", "동의 관리"]
    assert keyboard["is_persistent"] is True
    assert [b["callback_data"] for b in asked.buttons()] == ["age:adult", "age:minor"]


async def test_an_answer_quotes_its_clause_and_offers_what_one_can_do(house: House) -> None:
    chat = await house.met()
    house.api.say(chat, QUESTION)
    (answer,) = await house.sent(chat, contains="수집·이용 2")
    body, label = answer.text.split("\n\n")
    quoted, link = answer.message["entities"]
    assert (quoted["type"], quoted["offset"], quoted["length"]) == ("blockquote", 0, units(body))
    assert (link["type"], link["url"]) == ("text_link", f"https://shop.example/policy/1#{ENTRY}")
    assert (link["offset"], link["length"]) == (units(body) + 2, units(label))
    assert "제1판" in label
    data = [b["callback_data"] for b in answer.buttons()]
    assert data[0] == "act:manage_consent"
    assert re.fullmatch(rf"unhelpful:\d+\.0:1:{ENTRY}", data[1])
    house.api.press(chat, answer.message_id, "act:manage_consent")
    await house.sent(chat, contains=house.words("consent.title"))


async def test_two_clicks_at_once_open_one_case(house: House) -> None:
    chat = await house.met()
    after = house.last_id(chat)
    house.api.say(chat, "배송은 언제 오나요")
    (answer,) = await house.api.wait_sent(chat, after=after, timeout=PATIENCE)
    clicks = [house.api.press(chat, answer.message_id, "agent:connect") for _ in range(2)]
    (told,) = await house.sent(chat, contains=house.words("agent.waiting"))
    ((number, kind, state),) = await house.cases(chat)
    assert (kind, state) == ("handover", "received")
    assert number in told.text
    for click in clicks:
        await house.api.wait_for(lambda c=click: house.api.answer_of(c) is not None, PATIENCE)


async def test_a_button_of_an_old_step_shows_the_present_one(house: House) -> None:
    chat = await house.met()
    dialogs = []
    for _ in range(2):
        house.api.press(chat, 1, "req:access", forge=True)
        found = await house.sent(chat, contains="요청을 접수할까요", count=len(dialogs) + 1)
        dialogs.append(found[-1])
    house.api.press(chat, dialogs[0].message_id, house.texts("request.yes"))
    await house.sent(chat, contains=house.words("button.old"))
    assert await house.cases(chat) == []
    (*_, again) = await house.sent(chat, contains="요청을 접수할까요", count=3)
    house.api.press(chat, again.message_id, house.texts("request.yes"))
    await house.sent(chat, contains="접수했습니다")
    ((_, kind, state),) = await house.cases(chat)
    assert (kind, state) == ("access", "received")
    house.api.press(chat, again.message_id, house.texts("request.yes"))
    await house.sent(chat, contains=house.words("button.done"))
    assert len(await house.cases(chat)) == 1


@pytest.mark.parametrize(
    ("data", "key"),
    [
        ("nonsense", "button.unknown"),
        ("consent:everything:grant", "button.unknown"),
        ("consent:necessary:steal", "button.unknown"),
        ("req:handover", "button.unknown"),
        ("act:drop_tables", "button.unknown"),
        ("age:older", "button.unknown"),
        ("ask:no_such_entry", "answer.gone"),
        ("dlg:zzzz:yes", "button.done"),
        (":" * 64, "button.unknown"),
    ],
)
async def test_a_forged_button_does_nothing(house: House, data: str, key: str) -> None:
    chat = await house.met()
    click = house.api.press(chat, house.last_id(chat), data, forge=True)
    await house.sent(chat, contains=house.texts(key))
    await house.api.wait_for(lambda: house.api.answer_of(click) is not None, PATIENCE)
    assert await house.cases(chat) == []


async def test_an_edited_message_is_kept_beside_the_first_version(house: House) -> None:
    chat = await house.met()
    after = house.last_id(chat)
    message = house.api.say(chat, "쿠키가 뭐예요")
    await house.api.wait_sent(chat, after=after, timeout=PATIENCE)
    house.api.edit(chat, message["message_id"], QUESTION)
    await house.sent(chat, contains="수집·이용 2")
    said = [(m.kind, m.text) for m in await house.quiet(chat) if m.author is Author.CUSTOMER]
    assert said[-2:] == [("text", "쿠키가 뭐예요"), ("edit", QUESTION)]


async def test_an_album_is_answered_once(house: House) -> None:
    chat = await house.met()
    after = house.last_id(chat)
    house.api.say(chat, album=4)
    kept = [m for m in await house.quiet(chat) if m.attachments]
    assert len({m.attachments[0].group for m in kept}) == 1
    assert len({m.attachments[0].file_id for m in kept}) == 4
    answers = [s for s in house.api.sent(chat) if s.message_id > after]
    assert [s.text for s in answers] == [house.texts("attachment.ask")]


@pytest.mark.parametrize("kind", ["photo", "document", "voice", "video", "audio", "sticker"])
async def test_a_file_is_kept_by_its_id(house: House, kind: str) -> None:
    chat = await house.met()
    after = house.last_id(chat)
    known = set(house.api.world.files)
    caption: dict[str, Any] = {} if kind == "sticker" else {"caption": "받은 상자가 이렇게 찢어져 있었어요"}
    house.api.say(chat, **caption, **{kind: True})
    await house.api.wait_sent(chat, after=after, timeout=PATIENCE)
    (file_id,) = set(house.api.world.files) - known
    last = [m for m in await house.quiet(chat) if m.author is Author.CUSTOMER][-1]
    assert [(a.kind, a.file_id) for a in last.attachments] == [(kind, file_id)]
    assert last.text == caption.get("caption", "")


async def test_a_place_and_a_contact_are_kept(house: House) -> None:
    chat = await house.met()
    house.api.say(chat, location=(37.5665, 126.978))
    house.api.say(chat, contact="+821012345678")
    kept = [m.attachments[0] for m in await house.quiet(chat) if m.attachments]
    assert [(a.kind, a.name) for a in kept] == [("location", "37.5665,126.978"), ("contact", "+821012345678")]


async def test_a_chat_that_refuses_is_marked_and_others_go_on(house: House) -> None:
    refusing, other = await house.met(), await house.met()
    after = house.last_id(other)
    house.api.fail_next("sendMessage", 403, "Forbidden: bot was blocked by the user", chat=refusing)
    house.api.say(refusing, "/help")
    house.api.say(other, "/help")
    await house.sent(other, contains=house.words("help.text"), after=after)
    assert (await house.quiet(refusing))[-1].delivery is Delivery.FAILED
    assert await house.blocked(refusing)
    assert not await house.blocked(other)


async def test_blocking_and_coming_back_is_noticed(house: House) -> None:
    chat = await house.met()
    house.api.block(chat)
    await until(lambda: house.blocked(chat), "the block")
    house.api.unblock(chat)

    async def reachable() -> bool:
        return not await house.blocked(chat)

    await until(reachable, "the end of the block")
    house.api.say(chat, "/help")
    await house.sent(chat, contains=house.words("help.text"))


async def test_429_makes_one_chat_wait_and_no_other(house: House) -> None:
    waiting, other = await house.met(), await house.met()
    after = house.last_id(waiting)
    house.api.fail_next("sendMessage", 429, retry_after=2, chat=waiting)
    for command in ("/help", "/privacy", "/request"):
        house.api.say(waiting, command)
    await house.api.wait_for(lambda: [c for c in house.api.calls_of("sendMessage", waiting) if c.status == 429])
    house.api.say(other, "/help")
    await house.sent(other, contains=house.words("help.text"))
    assert house.last_id(waiting) == after
    house.api.say(waiting, "/nothing")  # decided while its chat waits: it must not overtake
    await house.sent(waiting, contains=house.texts("help.unknown_command"))
    shown = [s.text for s in house.api.sent(waiting) if s.message_id > after]
    assert [text.split("\n")[0] for text in shown] == [
        house.texts(key).split("\n")[0]
        for key in ("help.text", "consent.title", "request.title", "help.unknown_command")
    ]
    refused, *later = [c for c in house.api.calls_of("sendMessage", waiting) if c.time >= _refusal(house, waiting)]
    assert refused.status == 429
    assert later[0].time - refused.time >= 2.0


def _refusal(house: House, chat: int) -> float:
    return next(c.time for c in house.api.calls_of("sendMessage", chat) if c.status == 429)


async def test_errors_of_the_platform_delay_but_keep_the_order(house: House) -> None:
    chat = await house.met()
    after = house.last_id(chat)
    house.api.fail_next("sendMessage", 502, chat=chat, times=2)
    house.api.drop_connection_next("sendMessage", chat=chat, applied=False)
    house.api.fail_next("getUpdates", 500)
    house.api.drop_connection_next("getUpdates")
    for command in ("/help", "/privacy", "/request"):
        house.api.say(chat, command)
    log = await house.quiet(chat)
    shown = [s.text.split("\n")[0] for s in house.api.sent(chat) if s.message_id > after]
    assert shown == [house.texts(key).split("\n")[0] for key in ("help.text", "consent.title", "request.title")]
    assert [m.delivery for m in log if m.author is Author.BOT][-3:] == [Delivery.SENT] * 3


async def test_a_lost_answer_is_sent_again_once(house: House) -> None:
    """The platform took it and could not say so: nobody can know, so it comes twice rather than never."""
    chat = await house.met()
    after = house.last_id(chat)
    house.api.drop_connection_next("sendMessage", chat=chat)
    house.api.say(chat, "/help")
    await house.quiet(chat)
    assert [s.text for s in house.api.sent(chat) if s.message_id > after] == [house.texts("help.text")] * 2


async def test_a_second_poller_is_named_in_the_log_and_outlived(house: House) -> None:
    chat = await house.met()
    await house.api.wait_for(house.api.queue.polling, PATIENCE)
    other = asyncio.create_task(house.api.queue.take(0, 100, 20))
    await house.service.line("telegram_second_poller")
    house.api.say(chat, "/help")
    await other
    await house.sent(chat, contains=house.words("help.text"))


async def test_a_group_that_is_not_served_leaves_one_line_and_nothing_else(house: House) -> None:
    before = await house.inbox_rows()
    person = house.chat()
    group = house.api.group(-1_009_873_211, members=[person])
    house.api.say(group, "여기 누구 없어요 단체방입니다", sender=person)
    await house.api.wait_confirmed(PATIENCE)
    await house.service.line("chat_not_served")
    assert len([line for line in house.service.lines if "chat_not_served" in line]) == 1
    assert await house.inbox_rows() == before
    assert house.api.sent(group) == []


@pytest.mark.parametrize(
    ("update", "reason"),
    [
        ({"poll": {"id": "1", "question": "?"}}, "unknown_kind"),
        ({"something_new": {"deep": [1, 2, 3]}}, "unknown_kind"),
        ({}, "unknown_kind"),
        ({"message": {"message_id": 5}}, "malformed"),
        ({"message": "문자열"}, "malformed"),
        ({"callback_query": {"id": "77", "from": {"id": 1}}}, "chat_not_served"),
        ({"my_chat_member": {"chat": {"type": "private"}}}, "malformed"),
        ({"message": {"message_id": 6, "date": 0, "chat": {"id": 1, "type": "private"}}}, "service_message"),
        (
            {"message": {"message_id": 7, "date": "어제", "chat": {"id": 1, "type": "private"}, "text": "?"}},
            "malformed",
        ),
        ({"message": {"message_id": 8, "chat": {"id": 1, "type": "private"}, "text": {"a": 1}}}, "malformed"),
        ({"message": {"message_id": 9, "chat": {"id": "문자", "type": "private"}, "text": "?"}}, "malformed"),
    ],
)
async def test_an_update_nobody_understands_is_logged_and_passed_over(
    house: House, update: dict[str, object], reason: str
) -> None:
    number = house.api.raw_update(update)
    line = await house.service.line(f'"update": {number}')
    assert f'"{reason}"' in line
    await house.api.wait_confirmed(PATIENCE)
