"""What only a turn shows: the menu, when analysis is needed, what is given up, and that every button is answered."""

import ast
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import handlers
from domain.cases import Case, CaseKind, CaseState
from domain.conversation import Age, BotState, Owner
from domain.messages import Attachment, IncomingKind
from handlers.catalogue import load_texts
from handlers.entrance import command_of, give_up, handle, needs_analysis
from handlers.turn import NeedsAnalysis
from tests.handlers.making import INTRODUCED, NOW, turn

TEXTS = load_texts()
NEW = BotState()


def test_first_contact_and_help_show_the_persistent_menu() -> None:
    assert handle(turn(IncomingKind.START, state=NEW, age=Age.UNKNOWN, consents={})).outgoing[0].menu
    for text in ("/help", "질문하기", "/nothing"):
        assert handle(turn(text=text)).outgoing[0].menu
    agreed = handle(turn(IncomingKind.BUTTON, button="first:agree", consents={}))
    assert agreed.outgoing[-1].menu


@pytest.mark.parametrize(
    ("text", "command"),
    [
        ("/help", "help"),
        ("/HELP", "help"),
        ("/help@SomeBot", "help"),
        ("/start ref-123", "start"),
        ("  /agent  ", "agent"),
        ("질문하기", "ask"),
        ("동의 관리", "privacy"),
        (" 내 정보 요청\n", "request"),
        ("상담원 연결", "agent"),
        ("/", ""),
        ("//", ""),
        ("/@SomeBot", ""),
        ("/@", ""),
        ("/ help", ""),
        ("/\u3000", ""),
        ("/ask", ""),
        ("상담원 연결해 주세요", None),
        ("1/2", None),
        ("", None),
    ],
)
def test_command_of(text: str, command: str | None) -> None:
    assert command_of(text, TEXTS) == command


@given(st.text(max_size=40))
def test_command_of_never_raises(text: str) -> None:
    assert command_of("/" + text, TEXTS) in ("", "start", "help", "privacy", "request", "agent")
    command_of(text, TEXTS)


@pytest.mark.parametrize("owner", Owner)
@pytest.mark.parametrize("age", Age)
@pytest.mark.parametrize("channel", ["telegram", "web", "terminal"])
def test_every_button_gets_an_answer_in_every_state(owner: Owner, age: Age, channel: str) -> None:
    open_case = Case("260303-000001", CaseKind.HANDOVER, CaseState.RECEIVED, NOW, None, None, "asked")
    state = BotState(introduced=1, waiting_case=open_case.number if owner is Owner.QUEUE else "")
    buttons = ["age:adult", "age:minor", "first:agree", "first:disagree", "agent:connect", "agent:cancel", "dlg:1:yes"]
    buttons += [f"menu:{m}" for m in ("ask", "consent", "request", "agent")]
    buttons += [f"req:{k.value}" for k in CaseKind]
    buttons += [
        f"consent:{p}:{w}" for p in ("necessary", "marketing_night") for w in ("page", "grant", "withdraw", "refuse")
    ]
    buttons += ["ask:minors", "ask:nothing", "ask:0.0:minors", "unhelpful:0.0:1:minors", "unhelpful:?"]
    for button in [*buttons, "", "?", "act:start_access"]:
        given: tuple[dict[str, str], ...] = ({}, {"necessary": "granted"}, {"necessary": "withdrawn"})
        for consents in given[:1] if age is Age.UNKNOWN else given:
            made = turn(
                IncomingKind.BUTTON,
                button=button,
                state=state,
                owner=owner,
                age=age,
                channel=channel,
                consents=consents,
                cases=[open_case],
            )
            effects = handle(made)
            assert effects.outgoing, button
            granted = {e.purpose.value for e in effects.consents if e.act.value == "granted"}
            if age in (Age.MINOR, Age.UNKNOWN):
                assert not granted, f"{button} records a consent of somebody who may not give it"
            for case in effects.cases:
                assert any(e.event == "case.received" and case.number in e.subject for e in effects.ledger)
            assert len(effects.consents) == sum(e.event.startswith("consent.") for e in effects.ledger)


@given(button=st.text(max_size=64), owner=st.sampled_from(Owner))
def test_no_button_however_forged_raises_or_changes_anything_it_may_not(button: str, owner: Owner) -> None:
    effects = handle(turn(IncomingKind.BUTTON, button=button, owner=owner))
    assert effects.age is Age.ADULT


def test_text_that_was_not_analysed_asks_for_it_only_when_the_bot_has_the_conversation() -> None:
    with pytest.raises(NeedsAnalysis):
        handle(turn(text="선택 동의가 뭐예요"))
    assert handle(turn(text="선택 동의가 뭐예요", owner=Owner.AGENT)).outgoing == ()
    assert needs_analysis(Owner.BOT, IncomingKind.EDIT, "선택 동의가 뭐예요", TEXTS)
    assert not needs_analysis(Owner.BOT, IncomingKind.TEXT, "/help", TEXTS)
    assert not needs_analysis(Owner.BOT, IncomingKind.TEXT, "  ", TEXTS)
    assert not needs_analysis(Owner.QUEUE, IncomingKind.TEXT, "선택 동의가 뭐예요", TEXTS)


def test_whoever_writes_is_reachable_and_a_block_says_nothing() -> None:
    blocked = handle(turn(IncomingKind.BLOCKED))
    assert (blocked.blocked, blocked.outgoing) == (True, ())
    assert handle(turn(IncomingKind.START)).blocked is False
    assert handle(turn(text="/help")).blocked is None


def test_the_sender_of_a_removed_number_is_told_whoever_has_the_conversation() -> None:
    for owner in Owner:
        waiting = BotState(introduced=1, waiting_case="260303-000001", waiting_told=True)
        effects = handle(turn(text="/help", owner=owner, redacted=("rrn", "card"), state=waiting))
        assert [m.text for m in effects.outgoing[:2]] == [TEXTS("redacted.rrn"), TEXTS("redacted.card")]


def test_a_message_given_up_is_told_with_a_number_and_queued_once() -> None:
    effects = give_up(turn(text="무엇이든"))
    (case,) = effects.cases
    assert effects.owner is Owner.QUEUE
    assert effects.state.waiting_case == case.number
    assert effects.outgoing[0].text == TEXTS("engine.set_aside", number=case.number)
    for owner in (Owner.QUEUE, Owner.AGENT):
        quiet = give_up(turn(text="무엇이든", owner=owner))
        assert (quiet.owner, quiet.cases, quiet.outgoing) == (owner, (), ())


def test_a_place_that_moves_on_is_not_answered() -> None:
    place = (Attachment("location", "", name="37.5,127.0"),)
    assert handle(turn(IncomingKind.EDIT, attachments=place)).outgoing == ()


def test_a_file_for_a_person_asks_for_the_consent_that_opens_it() -> None:
    file = (Attachment("photo", "web:1", name="컵.png"),)
    for owner in (Owner.QUEUE, Owner.AGENT):
        told = replace(INTRODUCED, waiting_told=True)

        def said(consents: dict[str, str], owner: Owner = owner, told: BotState = told) -> list[str]:
            effects = handle(
                turn(IncomingKind.ATTACHMENT, attachments=file, owner=owner, state=told, consents=consents)
            )
            return [o.text for o in effects.outgoing]

        assert said({"necessary": "granted"}) == [TEXTS("attachment.ask")]
        assert said({"necessary": "granted", "attachments": "granted"}) == []
        assert said({"necessary": "granted", "attachments": "refused"}) == [TEXTS("attachment.refused")]
        assert said({}) == [TEXTS("attachment.not_yet")]
        elsewhere = (Attachment("photo", "AgAC"),)  # a platform keeps it
        assert handle(turn(IncomingKind.ATTACHMENT, attachments=elsewhere, owner=owner, state=told)).outgoing == ()


def test_handlers_import_nothing_that_does_io() -> None:
    allowed = {
        "collections",
        "dataclasses",
        "datetime",
        "domain",
        "handlers",
        "hashlib",
        "importlib",
        "re",
        "tomllib",
        "typing",
    }
    for path in Path(str(handlers.__file__)).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
            names += [str(node.module)] if isinstance(node, ast.ImportFrom) else []
            assert {n.split(".")[0] for n in names} <= allowed, path.name
