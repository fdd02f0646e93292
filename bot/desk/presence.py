"""Who is there: what somebody says of himself, and what supervisors set for others."""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from bot.desk.answers import Refused, answer, read_json
from bot.desk.guard import Visitor
from bot.desk.pages import Pages
from bot.engine.signals import DESK, Signals
from domain.presence import Presence
from storage.opening import Storage
from storage.presence import Attending

_MOST = 100  # conversations at a time
_SKILLS, _LONGEST = 20, 20


class PresencePages:
    def __init__(self, storage: Storage, signals: Signals, pages: Pages) -> None:
        self._storage, self._signals, self._pages = storage, signals, pages

    async def post(self, request: Request, visitor: Visitor) -> Response:
        """{"presence": "on" | "pause" | "off"}: one's own."""
        wanted = (await read_json(request)).get("presence")
        if wanted not in set(Presence):
            raise Refused(400, "bad_request")
        await self._storage.presences.set(visitor.staff.id, Presence(str(wanted)))
        self._signals.tell([DESK])
        return answer({"presence": wanted})

    async def team(self, request: Request, visitor: Visitor) -> Response:
        return self._pages.show(request, "team.html", visitor=visitor, proof=visitor.proof)

    async def configure(self, request: Request, visitor: Visitor) -> Response:
        """{"limit": 0–100, "skills": "태그, 태그"} of another or of oneself."""
        body = await read_json(request)
        limit, skills = body.get("limit"), body.get("skills")
        if type(limit) is not int or not 0 <= limit <= _MOST:
            raise Refused(400, "bad_limit", most=_MOST)
        if not isinstance(skills, str):
            raise Refused(400, "bad_request")
        tags = tuple(dict.fromkeys(" ".join(tag.split()) for tag in skills.split(",") if tag.strip()))
        if len(tags) > _SKILLS or any(len(tag) > _LONGEST or not tag.isprintable() for tag in tags):
            raise Refused(400, "bad_skills", most=_SKILLS, longest=_LONGEST)
        person = request.path_params["staff"]
        if person not in {one.staff.id for one in await self._storage.presences.everybody()}:
            raise Refused(404, "no_such_person")
        await self._storage.presences.configure(person, limit, tags)
        self._signals.tell([DESK])
        return answer({"limit": limit, "skills": tags})


def person_json(one: Attending) -> dict[str, Any]:
    """Somebody of the staff, as others at the desk see them."""
    there = one.attendance
    return {
        "id": one.staff.id,
        "alias": one.staff.alias,
        "role": one.staff.role.value,
        "presence": there.presence.value if there else Presence.OFF.value,
        "load": there.load if there else 0,
        "limit": there.limit if there else 0,
        "skills": there.skills if there else (),
    }
