"""Whether it is still the person himself who sits there, asked before his account is changed."""

import math

from bot.desk.passwords import LONGEST, Passwords
from domain.staff import Staff, StaffError
from handlers.catalogue import Texts
from storage.opening import Storage


class Identity:
    """Wrong answers count with those of the sign-in page, and lock the name with them."""

    def __init__(self, storage: Storage, passwords: Passwords, errors: Texts) -> None:
        self._storage, self._passwords, self._errors = storage, passwords, errors

    async def check(self, person: Staff, password: str, code: str) -> None:
        """The password, and a code where the account has a second factor; the code is used up.

        Raises StaffError with what to do.
        """
        tries = self._storage.sign_ins
        if wait := await tries.count(person.name):
            raise StaffError(self._errors("error.locked", seconds=math.ceil(wait)))
        found = await self._storage.accounts.find(person.name)
        stored = "" if found is None else found.password
        if not await self._passwords.right(stored, password[: LONGEST + 1]):
            raise StaffError(self._errors("error.wrong_own_password"))
        factor = await self._storage.factors.of(person.id)
        if factor.on and not await self._storage.factors.prove(person, code):
            raise StaffError(self._errors("error.wrong_code"))
        await tries.forget(person.name)
