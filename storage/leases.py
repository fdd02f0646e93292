"""Leases: what only one process may do at a time, such as polling with a bot token."""

import sqlalchemy as sa

from storage.database import Database
from storage.statements import Program, Statement
from storage.tables import leases

_p = sa.bindparam

TAKE = Statement(
    sa.update(leases)
    .where(leases.c.name == _p("lease"), (leases.c.until < _p("now")) | (leases.c.holder == _p("me")))
    .values(holder=_p("me"), until=_p("new_until"))
    .returning(leases.c.name)
)
EXISTS = Statement(sa.select(leases.c.name).where(leases.c.name == _p("lease")))
CREATE = Statement(sa.insert(leases).values(name=_p("lease"), holder=_p("me"), until=_p("new_until")))
GIVE_UP = Statement(
    sa.update(leases)
    .where(leases.c.name == _p("lease"), leases.c.holder == _p("me"))
    .values(until=sa.literal_column("0"))
)


def take(name: str, holder: str, now: int, until: int) -> Program[bool]:
    """Take or renew a lease; False when somebody else holds it. Two first takers at once: one gets Conflict."""
    if (yield TAKE, {"lease": name, "me": holder, "now": now, "new_until": until}):
        return True
    if (yield EXISTS, {"lease": name}):
        return False
    yield CREATE, {"lease": name, "me": holder, "new_until": until}
    return True


async def give_up(database: Database, name: str, holder: str) -> None:
    """End a lease that is ours, so that the next holder need not wait for its end."""

    def program() -> Program[None]:
        yield GIVE_UP, {"lease": name, "me": holder}

    await database.run(program())
