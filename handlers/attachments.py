"""Photos, files, voice messages and stickers.

Of what a platform keeps only its id is stored; the chat page's files are ours. The staff open one only with the consent
that is asked for here.
"""

from domain.consent import ConsentAct, ConsentPurpose
from domain.conversation import Age
from domain.messages import Button
from handlers.turn import Turn


def received(turn: Turn) -> None:
    """Answer once for an album, and ask for the consent when the first file comes."""
    group = turn.incoming.attachments[0].group
    if group and group == turn.state.album:
        return
    turn.remember(album=group)
    kind = turn.incoming.attachments[0].kind
    if kind == "sticker":
        turn.say(turn.texts("attachment.sticker"), menu=True)
    elif kind == "voice":
        turn.say(turn.texts("attachment.voice"), [[Button(turn.texts("agent.offer"), "agent:connect")]])
    else:
        _file(turn)


def for_a_person(turn: Turn) -> None:
    """What came while a person has the conversation, or will: of a file that we keep, say what keeps it closed."""
    opens = turn.may_use_service and turn.granted(ConsentPurpose.ATTACHMENTS)
    if turn.incoming.attachments[0].kept_id and not opens:
        _file(turn)


def _file(turn: Turn) -> None:
    texts = turn.texts
    act = turn.consent_state(ConsentPurpose.ATTACHMENTS)
    if turn.age is Age.MINOR:
        turn.say(texts("attachment.minor"))
    elif not turn.may_use_service:
        turn.say(texts("attachment.not_yet"))
    elif act is ConsentAct.GRANTED:
        turn.say(texts("attachment.received"), [[Button(texts("agent.offer"), "agent:connect")]])
    elif act is None:
        turn.say(
            texts("attachment.ask"),
            [
                [
                    Button(texts("attachment.agree"), "consent:attachments:grant"),
                    Button(texts("attachment.disagree"), "consent:attachments:refuse"),
                ]
            ],
        )
    else:
        turn.say(texts("attachment.refused"))
