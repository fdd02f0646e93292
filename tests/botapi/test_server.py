"""The server as a true client sees it: python-telegram-bot's own Bot over its default transport."""

import asyncio
import inspect
import re
from collections.abc import AsyncIterator

import pytest
from telegram import Bot, InlineKeyboardButton, InlineKeyboardMarkup, InputMediaPhoto, ReplyParameters
from telegram.error import BadRequest, Conflict, EndPointNotFound, Forbidden, InvalidToken, NetworkError, RetryAfter

from . import BotApiServer, Misuse
from .specs import SPECS

GROUP = -1001234567890
YES = InlineKeyboardMarkup([[InlineKeyboardButton("예", callback_data="yes")]])


@pytest.fixture
async def api() -> AsyncIterator[BotApiServer]:
    async with BotApiServer() as server:
        server.user(11, "민지")
        server.user(12, "서준")
        yield server


@pytest.fixture
async def bot(api: BotApiServer) -> AsyncIterator[Bot]:
    async with Bot(api.token, base_url=f"{api.url}/bot", base_file_url=f"{api.url}/file/bot") as client:
        yield client


async def test_polling_redelivers_until_the_offset_confirms(api: BotApiServer, bot: Bot) -> None:
    api.say(11, "/start hello")
    api.say(12, "안녕하세요")
    first = await bot.get_updates()
    again = await bot.get_updates()
    assert [u.update_id for u in first] == [u.update_id for u in again]
    assert first[0].message.parse_entities(["bot_command"]).popitem()[1] == "/start"
    rest = await bot.get_updates(offset=first[0].update_id + 1)
    assert [u.message.text for u in rest] == ["안녕하세요"]
    assert api.unconfirmed() == 1
    assert await bot.get_updates(offset=rest[0].update_id + 1) == ()
    assert api.unconfirmed() == 0


async def test_negative_offset_forgets_what_is_older(api: BotApiServer, bot: Bot) -> None:
    for number in range(5):
        api.say(11, f"{number}")
    assert [u.message.text for u in await bot.get_updates(offset=-2)] == ["3", "4"]
    assert api.unconfirmed() == 2


async def test_a_second_poller_ends_the_first(api: BotApiServer, bot: Bot) -> None:
    first = asyncio.create_task(bot.get_updates(timeout=20))
    await api.wait_for(api.queue.polling)
    async with Bot(api.token, base_url=f"{api.url}/bot") as other:
        second = asyncio.create_task(other.get_updates(timeout=20))
        with pytest.raises(Conflict):
            await first
        await api.wait_for(api.queue.polling)
        api.say(11, "왔어요")
        assert [u.message.text for u in await second] == ["왔어요"]


async def test_reactions_come_only_when_asked_for(api: BotApiServer, bot: Bot) -> None:
    message = api.say(11, "고마워요")
    api.react(11, message["message_id"], "👍")
    assert len(await bot.get_updates(allowed_updates=["message", "message_reaction"])) == 1
    api.react(11, message["message_id"], "🔥")
    reaction = (await bot.get_updates(offset=-1))[0].message_reaction
    assert reaction.new_reaction[0].emoji == "🔥"


async def test_buttons_edits_and_answers(api: BotApiServer, bot: Bot) -> None:
    api.say(11, "시작")
    sent = await bot.send_message(11, "동의하십니까?", reply_markup=YES)
    with pytest.raises(Misuse, match="buttons there: 예=yes"):
        api.press(11, sent.message_id, "no")
    query = api.press(11, sent.message_id, "yes")
    update = (await bot.get_updates(offset=-1))[0]
    assert update.callback_query.data == "yes"
    assert await update.callback_query.answer("감사합니다")
    assert api.answer_of(query) == {"text": "감사합니다"}
    with pytest.raises(BadRequest, match="Query is too old"):
        await update.callback_query.answer()
    with pytest.raises(BadRequest, match="not modified"):
        await sent.edit_text("동의하십니까?", reply_markup=YES)
    await sent.edit_text("동의하셨습니다.")
    with pytest.raises(Misuse):
        api.press(11, sent.message_id, "yes")
    assert api.sent(11)[0].former == ["동의하십니까?"]
    late = api.press(11, sent.message_id, "yes", forge=True)
    api.advance(16 * 60)
    with pytest.raises(BadRequest, match="too old"):
        await bot.answer_callback_query(late)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"text": "가" * 4097}, "message is too long"),
        ({"text": "😀" * 2049}, "message is too long"),
        ({"text": " \n "}, "message text is empty"),
        ({"text": "<b>굵게", "parse_mode": "HTML"}, "can't find end tag corresponding to start tag"),
        ({"text": "<b><i>x</b></i>", "parse_mode": "HTML"}, "unmatched end tag at byte offset 7"),
        ({"text": "a < b", "parse_mode": "HTML"}, "can't parse entities"),
        ({"text": "<div>x</div>", "parse_mode": "HTML"}, 'unsupported start tag "div"'),
        ({"text": "x", "reply_parameters": ReplyParameters(999)}, "message to be replied not found"),
        ({"text": "x", "message_thread_id": 7}, "message thread not found"),
        ({"text": "x", "api_kwargs": {"txet": "y"}}, "unknown parameter"),
        ({"text": "x", "api_kwargs": {"message_thread_id": "abc"}}, "must be of type int"),
        (
            {"text": "x", "reply_markup": InlineKeyboardMarkup([[InlineKeyboardButton("a", callback_data="가" * 22)]])},
            "button_data_invalid",
        ),
    ],
)
async def test_bad_messages_are_refused(api: BotApiServer, bot: Bot, arguments: dict, words: str) -> None:
    api.say(11, "시작")
    with pytest.raises(BadRequest, match=f"(?i){re.escape(words)}"):
        await bot.send_message(11, **arguments)
    assert api.sent(11) == []


async def test_html_becomes_entities(api: BotApiServer, bot: Bot) -> None:
    api.say(11, "시작")
    text = '😀 <b>제3조</b> &lt;환불&gt; <a href="https://shop.example/a?b=1&amp;c=2">약관</a>'
    sent = await bot.send_message(11, text, parse_mode="HTML")
    assert sent.text == "😀 제3조 <환불> 약관"
    assert sent.parse_entities() == dict(zip(sent.entities, ["제3조", "약관"], strict=True))
    assert sent.entities[1].url == "https://shop.example/a?b=1&c=2"


async def test_who_cannot_be_reached(api: BotApiServer, bot: Bot) -> None:
    with pytest.raises(BadRequest, match="Chat not found"):
        await bot.send_message(99, "안녕하세요")
    api.user(13, started=False)
    with pytest.raises(Forbidden, match="can't initiate conversation"):
        await bot.send_message(13, "안녕하세요")
    api.block(11)
    assert (await bot.get_updates())[0].my_chat_member.new_chat_member.status == "kicked"
    with pytest.raises(Forbidden, match="bot was blocked by the user"):
        await bot.send_message(11, "안녕하세요")
    with pytest.raises(Misuse):
        api.say(11, "여보세요")
    api.unblock(11)
    assert await bot.send_message(11, "다시 오셨네요")
    api.deactivate(11)
    with pytest.raises(Forbidden, match="user is deactivated"):
        await bot.send_message(11, "안녕하세요")


async def test_files_go_both_ways(api: BotApiServer, bot: Bot) -> None:
    api.say(11, photo=b"jpeg bytes", caption="이 상품이요")
    photo = (await bot.get_updates())[0].message.photo[-1]
    assert bytes(await (await photo.get_file()).download_as_bytearray()) == b"jpeg bytes"
    copy = await bot.send_photo(11, photo.file_id, caption="<b>받았습니다</b>", parse_mode="HTML")
    assert copy.caption_entities[0].type == "bold"
    with pytest.raises(BadRequest, match="Type of file mismatch"):
        await bot.send_document(11, photo.file_id)
    document = await bot.send_document(11, b"%PDF", filename="receipt.pdf")
    assert document.document.file_name == "receipt.pdf"
    album = await bot.send_media_group(11, [InputMediaPhoto(b"one", caption="하나"), InputMediaPhoto(photo.file_id)])
    assert album[0].media_group_id == album[1].media_group_id
    huge = api.say(11, document=True, size=21 * 1024 * 1024)
    with pytest.raises(BadRequest, match="File is too big"):
        await bot.get_file(huge["document"]["file_id"])
    with pytest.raises(BadRequest, match="Message caption is too long"):
        await bot.send_photo(11, photo.file_id, caption="가" * 1025)
    for kind in ("voice", "sticker", "document"):
        media = api.say(11, **{kind: True})[kind]["file_id"]
        assert await getattr(bot, f"send_{kind}")(11, media)
    assert (await bot.copy_message(12, 11, huge["message_id"])).message_id == api.sent(12)[0].message_id
    assert (await bot.forward_message(12, 11, huge["message_id"])).forward_origin.sender_user.id == 11
    assert (await bot.send_location(11, 37.5, 127.0)).location.latitude == 37.5


async def test_forum_topics(api: BotApiServer, bot: Bot) -> None:
    api.group(GROUP, members=[11, 12])
    topic = (await bot.create_forum_topic(GROUP, "고객 1")).message_thread_id
    sent = await bot.send_message(GROUP, "문의", message_thread_id=topic)
    assert sent.is_topic_message
    api.say(GROUP, "제가 맡겠습니다", sender=12, thread=topic)
    assert (await bot.get_updates())[-1].message.message_thread_id == topic
    assert await bot.edit_forum_topic(GROUP, topic, name="고객 1 · 해결")
    assert await bot.close_forum_topic(GROUP, topic)
    assert await bot.reopen_forum_topic(GROUP, topic)
    api.delete_topic(GROUP, topic)
    with pytest.raises(BadRequest, match="Message thread not found"):
        await bot.send_message(GROUP, "문의", message_thread_id=topic)
    assert await bot.send_message(GROUP, "일반")
    api.membership(GROUP, "member")
    with pytest.raises(BadRequest, match="Not enough rights to create a topic"):
        await bot.create_forum_topic(GROUP, "고객 2")


async def test_deleting_obeys_48_hours(api: BotApiServer, bot: Bot) -> None:
    api.say(11, "시작")
    old, new = await bot.send_message(11, "하나"), await bot.send_message(11, "둘")
    assert await bot.delete_message(11, new.message_id)
    with pytest.raises(BadRequest, match="Message to delete not found"):
        await bot.delete_message(11, new.message_id)
    api.advance(49 * 3600)
    with pytest.raises(BadRequest, match="Message can't be deleted"):
        await bot.delete_message(11, old.message_id)
    assert [s.deleted for s in api.sent(11, deleted=True)] == [False, True]


async def test_limits_and_faults(api: BotApiServer, bot: Bot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PTB_TIMEDELTA", "true")  # the client warns about the old type otherwise
    api.say(11, "시작")
    api.set_limits(private_burst=2)
    for _ in range(2):
        await bot.send_message(11, "안내")
    with pytest.raises(RetryAfter):
        await bot.send_message(11, "안내")
    api.set_limits(on=False)
    api.fail_next("sendMessage", 429, retry_after=7, chat=11)
    with pytest.raises(RetryAfter, match="Retry in 0:00:07"):
        await bot.send_message(11, "안내")
    api.fail_next("*", 502, times=1)
    with pytest.raises(NetworkError, match="Bad Gateway"):
        await bot.get_me()
    api.drop_connection_next("sendMessage")
    with pytest.raises(NetworkError):
        await bot.send_message(11, "받아들였으나 답이 없다")
    assert api.texts(11)[-1] == "받아들였으나 답이 없다"
    api.drop_connection_next("sendMessage", applied=False)
    with pytest.raises(NetworkError):
        await bot.send_message(11, "닿지 않았다")
    assert len(api.texts(11)) == 3
    assert [call.status for call in api.calls_of("sendMessage", 11)] == [200, 200, 429, 429, 0, 0]


async def test_tokens_and_methods(api: BotApiServer, bot: Bot) -> None:
    stranger = Bot("1:" + "x" * 35, base_url=f"{api.url}/bot")
    with pytest.raises(InvalidToken):
        await stranger.initialize()
    await stranger.shutdown()
    with pytest.raises(EndPointNotFound):
        await bot.do_api_request("sendTelepathy")
    assert (await bot.get_me()).username == "sangdam_bot"


async def test_the_bot_introduces_itself(api: BotApiServer, bot: Bot) -> None:
    await bot.set_my_commands([("start", "상담 시작"), ("privacy", "개인정보 처리 안내")])
    assert [c.command for c in await bot.get_my_commands()] == ["start", "privacy"]
    with pytest.raises(BadRequest, match="Bot_command_invalid"):
        await bot.set_my_commands([("시작", "상담")])
    await bot.set_my_short_description("쇼핑몰 상담")
    assert (await bot.get_my_short_description()).short_description == "쇼핑몰 상담"
    await bot.set_chat_menu_button()
    assert (await bot.get_chat(11)).first_name == "민지"
    api.group(GROUP, members=[11])
    assert (await bot.get_chat_member(GROUP, 11)).status == "member"
    assert await bot.get_chat_member_count(GROUP) == 2
    sent = await bot.send_message(GROUP, "공지")
    assert await sent.pin()
    assert await bot.set_message_reaction(GROUP, sent.message_id, "👍")
    assert await bot.send_chat_action(11, "typing")
    assert await bot.leave_chat(GROUP)
    with pytest.raises(Forbidden, match="not a member"):
        await bot.send_message(GROUP, "공지")


async def test_every_parameter_of_the_client_is_known() -> None:
    own = {"self", "read_timeout", "write_timeout", "connect_timeout", "pool_timeout", "api_kwargs", "kwargs", "args"}
    folded = {"filename", "allow_sending_without_reply", "reply_to_message_id", "disable_web_page_preview"}
    folded |= {"location", "contact"}
    for method, spec in SPECS.values():
        name = re.sub(r"(?<!^)(?=[A-Z])", "_", method).lower()
        given = set(inspect.signature(getattr(Bot, name)).parameters) - own - folded
        if method == "sendMediaGroup":
            given -= {"caption", "parse_mode", "caption_entities"}
        assert given <= set(spec), f"{method} does not know {given - set(spec)}"
