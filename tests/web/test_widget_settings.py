"""The widget's settings: what is taken, and the one line that says what is wrong."""

from pathlib import Path

import pytest

from bot.settings import load_settings
from domain.errors import SettingsError


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("", ()),
        (" , ", ()),
        ("https://shop.example", ("https://shop.example",)),
        (
            "https://Shop.Example:443, https://m.shop.example:8443,",
            ("https://shop.example", "https://m.shop.example:8443"),
        ),
        ("https://shop.example,https://shop.example", ("https://shop.example",)),
        ("http://localhost:3000,http://127.0.0.1", ("http://localhost:3000", "http://127.0.0.1")),
        ("http://localhost:80", ("http://localhost",)),
        ("https://온담.example", ("https://xn--jk1b477a.example",)),
    ],
)
def test_origins_are_read_as_browsers_write_them(written: str, read: tuple[str, ...]) -> None:
    assert load_settings(widget_origins=written).widget_sites == read


WRONG = [
    "shop.example",
    "http://shop.example",
    "http://localhost.shop.example",
    "https://shop.example/",
    "https://shop.example/path",
    "https://shop.example?",
    "https://shop.example#a",
    "https://*.shop.example",
    "*",
    "https://",
    "https:///",
    "https://user@shop.example",
    "https://shop.example:port",
    "https://shop.example:99999",
    "https://shop.example; script-src *",
    "https://shop.example 'unsafe-inline'",
    "https://shop..example",
    "https://[::1",
    "ftp://shop.example",
    "javascript:alert(1)",
    "null",
    "https://shop.example;https://m.shop.example",
    "https://shop.example\nhttps://m.shop.example",
]


@pytest.mark.parametrize("written", WRONG)
def test_what_is_no_origin_stops_the_start_with_one_line(written: str) -> None:
    for text in (written, f"https://good.example, {written}"):
        with pytest.raises(SettingsError) as raised:
            load_settings(widget_origins=text)
        line = str(raised.value)
        assert line.startswith("SANGDAM_WIDGET_ORIGINS: ")
        assert "https://" in line
        assert "\n" not in line


LINE = r"^SANGDAM_WIDGET_SECRET: must be 32 bytes or more; .*openssl"


def test_a_short_secret_stops_the_start() -> None:
    for secret in ("short", "가" * 10):
        with pytest.raises(SettingsError, match=LINE) as raised:
            load_settings(widget_secret=secret)
        assert secret not in str(raised.value)
    assert load_settings(widget_secret="가" * 11).widget_secret.get_secret_value() == "가" * 11


def test_the_secret_may_be_in_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    kept = tmp_path / "secret"
    kept.write_text("s" * 40 + "\n")
    monkeypatch.setenv("SANGDAM_WIDGET_SECRET_FILE", str(kept))
    settings = load_settings()
    assert settings.widget_secret.get_secret_value() == "s" * 40
    assert "sss" not in repr(settings)
