"""Second factors, roles and sessions on both engines: each code once, the last admin stays, secrets are sealed."""

import asyncio
from datetime import timedelta

import pyotp
import pytest
import sqlalchemy as sa

from domain.clock import system_clock
from domain.staff import Role, Staff, StaffError
from domain.totp import RECOVERY_CODES, STEP, address, shown
from storage.crypto import MasterKey, WrongKey
from storage.factors import SETUP_LASTS, SecondFactors
from storage.ledger import rows, verify
from storage.opening import Storage, open_storage
from storage.sessions import StaffSessions
from storage.staff import PASSWORD
from storage.tables import staff_factors, staff_recovery_codes
from storage.times import SECOND
from tests.conftest import Urls
from tests.storage.helpers import scalars

HOUR = 3600 * SECOND


class Clock:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self.now = system_clock()

    def __call__(self) -> object:
        return self.now

    def code(self, secret: str, steps: int = 0) -> str:
        return pyotp.TOTP(secret).at(self.now + timedelta(seconds=steps * STEP))


async def factors_of(storage: Storage, clock: Clock) -> SecondFactors:
    return SecondFactors(storage.database, storage.hashes, await storage.keys.staff_key(), clock)  # type: ignore[arg-type]


async def set_up(factors: SecondFactors, person: Staff, clock: Clock) -> tuple[str, list[str]]:
    secret = await factors.begin(person)
    assert secret is not None
    codes = await factors.confirm(person, clock.code(secret), "token")
    assert codes is not None
    return secret, codes


async def events(storage: Storage, person: Staff) -> list[tuple[str, str]]:
    return [
        (row.event, row.subject)
        async for row in rows(storage.database)
        if row.subject.startswith(f"staff/{person.id}/")
    ]


async def test_a_code_is_taken_once_and_within_a_step(storage: Storage) -> None:
    clock = Clock()
    factors, person = await factors_of(storage, clock), await storage.accounts.add("haneul", "하늘", Role.AGENT)
    secret, _ = await set_up(factors, person, clock)
    assert not await factors.prove(person, clock.code(secret)), "the code of the set-up is used"
    assert not await factors.prove(person, clock.code(secret, -1)), "older than one that was used"
    early = clock.code(secret, 1)
    assert not await factors.prove(person, clock.code(secret, 2))
    assert await factors.prove(person, f" {early[:3]} {early[3:]} ")
    assert not await factors.prove(person, early)
    clock.now += timedelta(seconds=3 * STEP)
    late = clock.code(secret, -1)
    tries = await asyncio.gather(*(factors.prove(person, late) for _ in range(8)))
    assert sum(tries) == 1, "many at once"
    for nonsense in ("", "abc", "０１２３４５", "123456789", "가나다라마바", "\ud800", "9" * 5000):
        assert not await factors.prove(person, nonsense)
    assert [e for e, _ in await events(storage, person)] == ["staff.added", "staff.factor_on"]


async def test_a_recovery_code_is_good_once_until_new_ones_are_made(storage: Storage) -> None:
    clock = Clock()
    factors, person = await factors_of(storage, clock), await storage.accounts.add("haneul", "하늘", Role.AGENT)
    other = await storage.accounts.add("bada", "바다", Role.AGENT)
    _, codes = await set_up(factors, person, clock)
    _, others = await set_up(factors, other, clock)
    assert len({*codes, *others}) == 2 * RECOVERY_CODES
    assert not await factors.prove(person, others[0])
    assert sum(await asyncio.gather(*(factors.prove(person, shown(codes[0]).lower()) for _ in range(6)))) == 1
    assert (await factors.of(person.id)).recovery_left == RECOVERY_CODES - 1
    renewed = await factors.renew(person)
    assert renewed is not None
    assert not await factors.prove(person, codes[1])
    assert await factors.prove(person, renewed[0])
    assert [e for e, _ in await events(storage, person)][2:] == [
        "staff.recovery_used",
        "staff.recovery_renewed",
        "staff.recovery_used",
    ]


async def test_nothing_is_in_force_before_a_code_was_given_in_time(storage: Storage) -> None:
    clock = Clock()
    factors, person = await factors_of(storage, clock), await storage.accounts.add("haneul", "하늘", Role.AGENT)
    first, second = await factors.begin(person), await factors.begin(person)
    assert first is not None
    assert second is not None
    assert not (await factors.of(person.id)).on
    assert not await factors.prove(person, clock.code(second))
    assert await factors.renew(person) is None
    assert await factors.confirm(person, clock.code(first), "token") is None
    assert await factors.begun(person) == second
    clock.now += timedelta(microseconds=SETUP_LASTS)
    assert await factors.begun(person) is None
    assert await factors.confirm(person, clock.code(second), "token") is None
    secret, _ = await set_up(factors, person, clock)
    assert await factors.begin(person) is None, "one in force is not replaced by starting anew"
    clock.now += timedelta(seconds=STEP)
    assert await factors.prove(person, clock.code(secret))
    await factors.remove(person)
    assert not await factors.prove(person, clock.code(secret, 1))
    assert (await factors.of(person.id)).on is False


async def test_secrets_are_sealed_for_their_account_and_codes_hashed(storage: Storage) -> None:
    clock = Clock()
    factors, person = await factors_of(storage, clock), await storage.accounts.add("haneul", "하늘", Role.AGENT)
    other = await storage.accounts.add("bada", "바다", Role.AGENT)
    secret, codes = await set_up(factors, person, clock)
    await set_up(factors, other, clock)
    [sealed, others] = await scalars(storage, sa.select(staff_factors.c.secret).order_by(staff_factors.c.staff_id))
    assert secret.encode() not in sealed
    kept = await scalars(storage, sa.select(staff_recovery_codes.c.code))
    assert not set(kept) & set(codes)
    async with storage.database.write() as connection:
        moved = sa.update(staff_factors).where(staff_factors.c.staff_id == other.id).values(secret=sealed)
        await connection.execute(moved)
    with pytest.raises(WrongKey):
        await factors.prove(other, clock.code(secret, 1))
    assert others != sealed


async def test_a_changed_master_key_still_opens_the_secrets(urls: Urls) -> None:
    clock, new = Clock(), MasterKey.from_text(MasterKey.new_text())
    async with urls.open() as storage:
        person = await storage.accounts.add("haneul", "하늘", Role.AGENT)
        secret, _ = await set_up(await factors_of(storage, clock), person, clock)
        await storage.keys.rotate(new)
    clock.now += timedelta(seconds=STEP)
    async with open_storage(urls.data, urls.keys, new, system_clock) as storage:
        assert await (await factors_of(storage, clock)).prove(person, clock.code(secret))


async def test_a_reset_ends_sessions_and_names_the_admin(storage: Storage) -> None:
    clock = Clock()
    factors, person = await factors_of(storage, clock), await storage.accounts.add("haneul", "하늘", Role.AGENT)
    boss = await storage.accounts.add("boss", "대표", Role.ADMIN)
    for token in ("here", "there"):
        await storage.sessions.open(person.id, token)
    secret = await factors.begin(person)
    assert secret is not None
    assert await factors.confirm(person, clock.code(secret), "here") is not None
    assert await storage.sessions.find("there") is None, "signed in without the factor that now counts"
    here = await storage.sessions.find("here")
    assert here is not None
    assert here.secured
    await factors.reset(person, boss)
    assert await storage.sessions.find("here") is None
    assert (await events(storage, person))[-1] == ("staff.factor_reset", f"staff/{person.id}/agent/by/{boss.id}")
    assert await verify(storage.database, storage.hashes) == []


async def test_a_session_that_awaits_a_code_opens_nothing(storage: Storage) -> None:
    clock = Clock()
    sessions = StaffSessions(storage.database, clock)  # type: ignore[arg-type]
    person = await storage.accounts.add("haneul", "하늘", Role.AGENT)
    await sessions.open(person.id, "half", awaits_code=True)
    await sessions.open(person.id, "full", place="127.0.0.1", device="Firefox · Linux")
    assert await sessions.find("half") is None
    assert await sessions.awaiting_code("half") == person
    assert await sessions.awaiting_code("full") is None
    assert [s.device for s in await sessions.of(person.id, "full")] == ["Firefox · Linux"]
    clock.now += timedelta(minutes=10)
    assert await sessions.awaiting_code("half") is None


async def test_sessions_are_ended_one_by_one_by_their_owner(storage: Storage) -> None:
    person, other = [await storage.accounts.add(name, "하늘", Role.AGENT) for name in ("haneul", "bada")]
    for token in ("one", "two", "three"):
        await storage.sessions.open(person.id, token)
    found = await storage.sessions.of(person.id, "two")
    assert [s.here for s in found] == [True, False, False]
    assert not await storage.sessions.end_one(other.id, found[1].id)
    for nonsense in ("", "%", "_" * 24, found[1].id[:8]):
        assert not await storage.sessions.end_one(person.id, nonsense)
    assert await storage.sessions.end_one(person.id, found[1].id)
    assert await storage.sessions.end_all(person.id, but="two") == 1
    assert [s.id for s in await storage.sessions.of(person.id, "two")] == [found[0].id]


async def test_the_last_admin_stays_and_nobody_changes_himself(storage: Storage) -> None:
    accounts = storage.accounts
    people = [await accounts.add(name, name, Role.ADMIN) for name in ("one", "two")]
    for person in people:
        await accounts.change_hash(person.id, "hash")
    one, two = people
    for change in (accounts.disable("one", one), accounts.change_role("one", Role.AGENT, one)):
        with pytest.raises(StaffError, match="자기 계정"):
            await change
    both = await asyncio.gather(
        accounts.change_role("one", Role.AGENT, two),
        accounts.change_role("two", Role.AGENT, one),
        return_exceptions=True,
    )
    assert [isinstance(result, StaffError) for result in both].count(True) == 1, "one of both must stay"
    [admin] = [p for p in await accounts.all() if p.role is Role.ADMIN]
    for change in (accounts.disable(admin.name), accounts.change_role(admin.name, Role.SUPERVISOR)):
        with pytest.raises(StaffError, match="마지막 관리자"):
            await change
    with pytest.raises(StaffError, match="그런 계정이 없습니다"):
        await accounts.enable("nobody")


async def test_links_end_with_the_account_and_can_be_taken_back(storage: Storage) -> None:
    accounts = storage.accounts
    boss = await accounts.add("boss", "대표", Role.ADMIN)
    person = await accounts.add("haneul", "하늘", Role.AGENT, boss)
    await accounts.new_link(PASSWORD, person.id, "one", HOUR, boss)
    [invited] = [a for a in await accounts.overview() if a.staff == person]
    assert invited.link_until is not None
    assert not invited.has_password
    await accounts.revoke_link("haneul", boss)
    assert await accounts.link("one") is None
    with pytest.raises(StaffError, match="쓸 수 있는 링크가 없습니다"):
        await accounts.revoke_link("haneul", boss)
    await accounts.new_link(PASSWORD, person.id, "two", HOUR, boss)
    await accounts.disable("haneul", boss)
    assert (await accounts.enable("haneul", boss)).disabled is False
    assert await accounts.use_link("two", "hash", "", "") is None
    await accounts.new_link(PASSWORD, person.id, "three", HOUR, boss)
    assert await accounts.use_link("three", "hash", "", "") == person
    await accounts.new_link(PASSWORD, person.id, "four", HOUR, boss)
    await accounts.set_password(person, "another hash")
    assert await accounts.link("four") is None
    by = f"staff/{person.id}/agent/by/{boss.id}"
    assert await events(storage, person) == [
        ("staff.added", by),
        ("staff.link_made", by),
        ("staff.link_revoked", by),
        ("staff.link_made", by),
        ("staff.disabled", by),
        ("staff.enabled", by),
        ("staff.link_made", by),
        ("staff.password_set", f"staff/{person.id}/agent"),
        ("staff.link_made", by),
        ("staff.password_changed", f"staff/{person.id}/agent"),
    ]


def test_an_apps_address_names_shop_and_person() -> None:
    parsed = pyotp.parse_uri(address(pyotp.random_base32(), "haneul", "온담:상점"))
    assert (parsed.name, parsed.issuer) == ("haneul", "온담 상점")
