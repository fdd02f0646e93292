"""Opening the stores."""

import pytest

from domain.clock import system_clock
from storage.crypto import MasterKey, WrongKey
from storage.opening import Storage, open_storage
from tests.conftest import Urls


async def test_opened_storage_answers(storage: Storage) -> None:
    assert await storage.database.answers()


async def test_another_master_key_is_refused_with_what_to_do(urls: Urls) -> None:
    async with urls.open():
        pass
    other = MasterKey.from_text(MasterKey.new_text())
    with pytest.raises(WrongKey, match="SANGDAM_MASTER_KEY"):
        async with open_storage(urls.data, urls.keys, other, system_clock):
            pass
