"""Passwords as argon2id hashes, made and checked in a thread of their own: each takes some 50 ms and 64 MB."""

import asyncio
import unicodedata
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar, TypeVarTuple, Unpack

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError

from domain.staff import StaffError

T = TypeVar("T")
Ts = TypeVarTuple("Ts")
SHORTEST, LONGEST = 10, 200


class Passwords:
    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="passwords")
        self._hasher = PasswordHasher()
        self._nobodys = ""

    async def hash(self, password: str) -> str:
        return await self._in_thread(self._hash, password)

    async def right(self, stored: str, password: str) -> bool:
        """Whether it is the password of a stored hash. Takes as long when there is none ("")."""
        return await self._in_thread(self._right, stored, password)

    def is_old(self, stored: str) -> bool:
        """Whether the hash was made with weaker settings than today's."""
        return self._hasher.check_needs_rehash(stored)

    def close(self) -> None:
        self._thread.shutdown(wait=False, cancel_futures=True)

    async def _in_thread(self, function: Callable[[Unpack[Ts]], T], *arguments: *Ts) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, function, *arguments)

    def _hash(self, password: str) -> str:
        return self._hasher.hash(_one_form(password))

    def _right(self, stored: str, password: str) -> bool:
        if not self._nobodys:
            self._nobodys = self._hasher.hash("nobody")
        try:
            self._hasher.verify(stored or self._nobodys, _one_form(password))
        except (VerifyMismatchError, InvalidHashError):
            return False
        return bool(stored)


def checked(password: str, name: str) -> str:
    """A password as a person may choose it. Raises StaffError with what to change."""
    if not SHORTEST <= len(password) <= LONGEST:
        raise StaffError(f"비밀번호는 {SHORTEST}자 이상 {LONGEST}자 이하로 정해 주세요.")
    if name and name in password.lower():
        raise StaffError("비밀번호에 이름을 넣지 말아 주세요.")
    if len(set(password)) < 5:
        raise StaffError("같은 글자만 되풀이하지 말아 주세요.")
    return password


def checked_twice(password: str, again: str, name: str) -> str:
    """A new password that was typed twice. Raises StaffError with what to change."""
    checked(password, name)
    if password != again:
        raise StaffError("두 비밀번호가 서로 다릅니다.")
    return password


def _one_form(password: str) -> str:
    # Keyboards send the same Korean letters composed or in pieces.
    return unicodedata.normalize("NFKC", password)
