"""Where the master key comes from: the settings, or a file in the data folder that is made at first start."""

import os
import sys

from bot.settings import Settings, is_master_key
from domain.errors import SettingsError
from storage.crypto import MasterKey

_WORD = """\
새 마스터 키를 만들었습니다: {path}
이 키가 없으면 저장된 대화와 개인정보를 다시 읽을 수 없습니다. 데이터와 다른 안전한 곳에 사본을 보관하세요.
"""


def obtain_master_key(settings: Settings) -> MasterKey:
    """The master key. Raises SettingsError when the file cannot be used."""
    if text := settings.master_key.get_secret_value():
        return MasterKey.from_text(text)
    path = settings.data_dir / "master.key"
    try:
        settings.data_dir.mkdir(parents=True, exist_ok=True)
        made = MasterKey.new_text()
        try:
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            text = path.read_text("ascii").strip()
        else:
            with os.fdopen(handle, "w") as file:
                file.write(made + "\n")
                file.flush()
                os.fsync(file.fileno())
            text = made
            sys.stderr.write(_WORD.format(path=path))
    except OSError as error:
        raise SettingsError(
            f"SANGDAM_DATA_DIR: {path} cannot be used ({error.strerror}); choose another folder"
        ) from None
    except UnicodeDecodeError:
        text = ""
    if not is_master_key(text):
        raise SettingsError(f"{path} does not hold a master key; put the one you kept back, or set SANGDAM_MASTER_KEY")
    return MasterKey.from_text(text)
