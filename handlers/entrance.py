"""The one entrance: whose conversation is it, is a dialogue in progress, a command, a button, a wish, a question."""

from domain.cases import CaseKind
from domain.consent import ConsentPurpose
from domain.conversation import Owner
from domain.effects import Effects
from domain.knowledge import Decision, DecisionKind
from domain.messages import IncomingKind
from handlers import attachments, consents, gaps, people, questions, requests, welcome
from handlers.catalogue import Texts
from handlers.turn import NeedsAnalysis, Turn

MENU = {"ask": "ask", "consent": "privacy", "request": "request", "agent": "agent"}  # menu key to command
COMMANDS = ("start", "help", "privacy", "request", "agent")
ACTIONS = {
    "start_access": CaseKind.ACCESS,
    "start_correction": CaseKind.CORRECTION,
    "start_deletion": CaseKind.DELETION,
    "start_suspension": CaseKind.SUSPENSION,
    "start_portability": CaseKind.PORTABILITY,
    "start_withdrawal": CaseKind.WITHDRAWAL,
    "start_automated_decision": CaseKind.AUTOMATED_DECISION,
    "start_appeal": CaseKind.APPEAL,
    "minor_consent": CaseKind.GUARDIAN,
}
TEXT_LIMIT = 2_000  # characters of one message that are read as a question


def handle(turn: Turn) -> Effects:
    """Decide one message. Raises NeedsAnalysis when its text has to be analysed and was not."""
    kind = turn.incoming.kind
    if kind in (IncomingKind.BLOCKED, IncomingKind.UNBLOCKED):
        turn.blocked = kind is IncomingKind.BLOCKED
        return turn.effects()
    # Whoever writes is reachable: a block that ended unnoticed must not silence the answers.
    turn.blocked = False if kind is IncomingKind.START else None
    first = turn.state.introduced < welcome.NOTICE_VERSION
    if first:
        welcome.introduce(turn)
    for found in turn.prepared.redacted:
        turn.say(turn.texts(f"redacted.{found}"))
    if turn.owner is Owner.BOT:
        people.heed_urgency(turn)
    dialogue = turn.state.dialogue
    if kind is IncomingKind.BUTTON:
        _button(turn)
    elif kind is IncomingKind.ATTACHMENT:
        _attachment(turn, first)
    elif kind is IncomingKind.START:
        _start(turn, first)
    elif kind is IncomingKind.EDIT and turn.incoming.attachments and not turn.incoming.text:
        pass  # a place that moves on, a picture that was turned: nothing was said
    else:
        _text(turn, first)
    if dialogue is not None and turn.state.dialogue is dialogue and turn.said:
        requests.leave(turn)
    if first and kind is not IncomingKind.BUTTON:
        welcome.ask_next(turn)
    return turn.effects()


def command_of(text: str, texts: Texts) -> str | None:
    """The command a text is: "/help", or the label of the menu. "" for a command that does not exist."""
    text = text.strip()
    if text.startswith("/"):
        name = text[1:].split(maxsplit=1)[0] if len(text) > 1 and not text[1].isspace() else ""
        name = name.split("@")[0].lower()  # "/help@name_of_the_bot"
        return name if name in COMMANDS else ""
    labels = {texts(f"menu.{key}"): key for key in ("ask", "consent", "request", "agent")}
    return {"ask": "ask", "consent": "privacy", "request": "request", "agent": "agent"}.get(labels.get(text, ""))


def needs_analysis(turn_owner: Owner, kind: IncomingKind, text: str, texts: Texts) -> bool:
    """Whether the text is likely to be read as a question, known before the transaction."""
    wanted = kind in (IncomingKind.TEXT, IncomingKind.EDIT, IncomingKind.ATTACHMENT) and turn_owner is Owner.BOT
    return wanted and bool(text.strip()) and command_of(text, texts) is None


def _start(turn: Turn, first: bool) -> None:
    if first:
        return
    if turn.owner is not Owner.BOT:
        people.tell(turn)
        return
    turn.say(turn.texts("welcome.again"), menu=True)
    welcome.ask_next(turn)


def _attachment(turn: Turn, first: bool) -> None:
    if turn.owner is Owner.BOT and not command_of(turn.incoming.text, turn.texts) and people.reopen(turn):
        attachments.for_a_person(turn)
    elif turn.owner is not Owner.BOT:
        if turn.owner is Owner.QUEUE:
            people.note_while_waiting(turn)
        attachments.for_a_person(turn)
    else:
        attachments.received(turn)
        if turn.incoming.text.strip():
            _text(turn, first)  # what is asked below a picture is a question like any other


def _text(turn: Turn, first: bool) -> None:
    text = turn.incoming.text
    command = command_of(text, turn.texts)
    if command is not None:
        _command(turn, command, first)
    elif turn.owner is Owner.AGENT:
        return
    elif turn.owner is Owner.QUEUE:
        people.note_while_waiting(turn)
    elif not first and people.reopen(turn):
        return
    elif not text.strip():
        turn.say(turn.texts("help.empty"), menu=True)
    elif not first and _answers_open_question(turn, text):
        return
    else:
        if turn.prepared.decisions is None:
            raise NeedsAnalysis
        if turn.prepared.truncated:
            turn.say(turn.texts("help.too_long", limit=f"{TEXT_LIMIT:,}"))
        turn.asked_anew = turn.incoming.kind is IncomingKind.EDIT
        _decided(turn, turn.prepared.decisions)


def _answers_open_question(turn: Turn, text: str) -> bool:
    return requests.answer_in_words(turn, text) or welcome.answer_in_words(turn, text)


def _decided(turn: Turn, decisions: tuple[Decision, ...]) -> None:
    answers: list[Decision] = []
    for decision in decisions:
        if decision.kind is DecisionKind.HANDOVER and decision.action == "contact_agent":
            questions.answer_all(turn, answers)
            answers = []
            questions.advise(turn, decision)
            people.hand_over(turn, "asked")
        elif decision.kind is DecisionKind.START and decision.action in ACTIONS:
            questions.answer_all(turn, answers)
            answers = []
            _act(turn, decision.action)
        else:
            answers.append(decision)
    questions.answer_all(turn, answers)


def _command(turn: Turn, command: str, first: bool = False) -> None:
    # Commands are what the customer asked of the bot by name, so they are answered whoever has the conversation.
    if command == "start":
        _start(turn, first)
    elif command == "help":
        turn.say(turn.texts("help.text"), menu=True)
    elif command == "privacy":
        consents.overview(turn)
    elif command == "request":
        requests.choices(turn)
    elif command == "agent":
        people.hand_over(turn, "asked")
    elif command == "ask":
        turn.say(turn.texts("help.ask"), menu=True)
    else:
        turn.say(turn.texts("help.unknown_command"), menu=True)


def _button(turn: Turn) -> None:
    verb, _, rest = turn.incoming.button.partition(":")
    if verb == "age" and rest in ("adult", "minor"):
        welcome.age_answered(turn, rest)
    elif verb == "first" and rest in ("agree", "disagree"):
        welcome.consent_answered(turn, rest)
    elif verb == "menu" and rest in MENU:
        _command(turn, MENU[rest])
    elif verb == "ask" and rest:
        questions.answer_choice(turn, rest)
    elif verb == "unhelpful" and gaps.marked_unhelpful(turn, rest):
        pass
    elif verb == "act":
        _act(turn, rest)
    elif verb == "agent" and rest == "connect":
        people.hand_over(turn, "asked")
    elif verb == "agent" and rest == "cancel":
        people.stop_waiting(turn)
    elif verb == "req" and rest in {k.value for k in requests.KINDS}:
        requests.begin(turn, CaseKind(rest))
    elif verb == "consent":
        _consent_button(turn, rest)
    elif verb == "dlg":
        _dialogue_button(turn, rest)
    else:
        _unknown_button(turn)


def _act(turn: Turn, action: str) -> None:
    if action in ACTIONS:
        requests.begin(turn, ACTIONS[action])
    elif action == "manage_consent":
        consents.overview(turn)
    elif action == "unsubscribe_email":
        consents.pressed(turn, ConsentPurpose.MARKETING_EMAIL, "page")
    elif action == "contact_agent":
        people.hand_over(turn, "asked")
    else:
        _unknown_button(turn)


def _consent_button(turn: Turn, rest: str) -> None:
    purpose, _, what = rest.partition(":")
    known = purpose in {p.value for p in ConsentPurpose}
    if not known or not consents.pressed(turn, ConsentPurpose(purpose), what):
        _unknown_button(turn)


def _dialogue_button(turn: Turn, rest: str) -> None:
    dialogue_id, _, answer = rest.partition(":")
    dialogue = turn.state.dialogue
    if dialogue is not None and dialogue.id == dialogue_id and answer in ("yes", "no"):
        requests.answered(turn, answer)
    elif dialogue is not None:
        turn.say(turn.texts("button.old"))
        requests.begin(turn, CaseKind(dialogue.data["kind"]), explain=False)
    else:
        turn.say(turn.texts("button.done"), menu=True)


def _unknown_button(turn: Turn) -> None:
    turn.say(turn.texts("button.unknown"), menu=True)


def give_up(turn: Turn) -> Effects:
    """A message that could not be handled: kept, queued for a person, and the customer is told.

    Where a person has the conversation, or will, the message is before their eyes already.
    """
    if turn.owner is Owner.BOT:
        case = turn.open_case(CaseKind.HANDOVER, "set_aside")
        turn.owner = Owner.QUEUE
        turn.remember(waiting_case=case.number, waiting_told=True, dialogue=None)
        turn.say(turn.texts("engine.set_aside", number=case.number))
    return turn.effects()
