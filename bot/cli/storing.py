"""backup, restore, keys rotate."""

import argparse
import os
import sys
from pathlib import Path

from bot.parts import open_program_storage
from bot.settings import Settings
from domain.errors import SettingsError
from storage.backup import read_backup, write_backup
from storage.crypto import MasterKey


async def backup(options: argparse.Namespace, settings: Settings) -> int:
    """The data, without any key: what a backup holds of an erased person can never be read."""
    async with open_program_storage(settings) as storage:
        counts = await write_backup(storage, Path(options.file))
    sys.stderr.write(f"{options.file}: {sum(counts.values())}행을 저장했습니다. 키는 들어 있지 않습니다.\n")
    return 0


async def restore(options: argparse.Namespace, settings: Settings) -> int:
    async with open_program_storage(settings) as storage:
        report = await read_backup(storage, Path(options.file))
    sys.stderr.write(
        f"{report.rows}행을 되살렸습니다. 키가 폐기된 고객 {report.erased_customers}명의 행은 지웠습니다.\n"
    )
    return 0


async def rotate(options: argparse.Namespace, settings: Settings) -> int:
    path = Path(options.new_key_file)
    text = MasterKey.new_text()
    async with open_program_storage(settings) as storage:
        try:
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except OSError as error:
            raise SettingsError(f"{path}: cannot be written ({error.strerror}); name a new file") from None
        with os.fdopen(handle, "w") as file:
            file.write(text + "\n")
            file.flush()
            os.fsync(file.fileno())
        count = await storage.keys.rotate(MasterKey.from_text(text))
    sys.stderr.write(f"키 {count}개를 새 마스터 키로 다시 감쌌습니다. SANGDAM_MASTER_KEY를 {path}의 값으로 바꾸세요.\n")
    return 0
