"""Which conversations the bot has at this moment, and whose customers agreed."""

import orjson
import sqlalchemy as sa

from domain.consent import ConsentPurpose
from domain.conversation import Owner
from storage.opening import Storage
from storage.tables import conversations, customers
from tests.storage.helpers import incoming, put


async def test_only_the_bots_conversations_with_the_consent_granted_now(storage: Storage) -> None:
    states = {
        "1": (Owner.BOT, {"overseas": "granted"}),
        "2": (Owner.BOT, {"overseas": "withdrawn", "necessary": "granted"}),
        "3": (Owner.BOT, {}),
        "4": (Owner.AGENT, {"overseas": "granted"}),
        "5": (Owner.QUEUE, {"overseas": "granted"}),
    }
    ids = {}
    for address, (owner, consents) in states.items():
        (receipt,), _ = await put(storage, incoming(address=address))
        ids[address] = receipt.conversation_id
        at = conversations.c.id == receipt.conversation_id
        person = sa.select(conversations.c.customer_id).where(at).scalar_subquery()
        async with storage.database.write() as connection:
            await connection.execute(sa.update(conversations).where(at).values(owner=owner.value))
            granted = orjson.dumps(consents).decode()
            await connection.execute(sa.update(customers).where(customers.c.id == person).values(consents=granted))
    everyone = list(ids.values())
    found = storage.conversations
    assert await found.with_bot(everyone) == {ids["1"], ids["2"], ids["3"]}
    assert await found.with_bot(everyone, ConsentPurpose.OVERSEAS) == {ids["1"]}
    assert await found.with_bot([ids["4"], 999_999]) == set()
    assert await found.with_bot([]) == set()
