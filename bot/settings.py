"""Settings: environment variables SANGDAM_…, a .env file, or …_FILE for secrets. docs/settings.md lists them all."""

import base64
import os
from datetime import timedelta
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from bot.origins import on_this_machine, origins, service_address
from domain.desk_plan import DeskPlan, read_skills
from domain.errors import SettingsError
from domain.hours import HoursError, read_hours

_PREFIX = "SANGDAM_"
_SECRETS = (
    "MASTER_KEY",
    "WIDGET_SECRET",
    "TELEGRAM_TOKEN",
    "TELEGRAM_WEBHOOK_SECRET",
    "EMBEDDINGS_KEY",
    "DATABASE_URL",
    "KEYS_URL",
)
_SHORTEST_SECRET = 32  # bytes; a shorter one could be found by trying


class Settings(BaseSettings):
    """Every field is the variable SANGDAM_<NAME>; descriptions are the documentation."""

    model_config = SettingsConfigDict(env_prefix=_PREFIX, env_file=".env", extra="ignore", frozen=True)

    data_dir: Path = Field(Path("data"), description="Folder of the embedded databases and of the master key's file.")
    database_url: str = Field(
        "", description="`sqlite+aiosqlite:///…` or `postgresql+asyncpg://…`; empty: sangdam.db in the data folder."
    )
    keys_url: str = Field(
        "", description="Database of the persons' keys, apart from the data; empty: keys.db in the data folder."
    )
    master_key: SecretStr = Field(
        SecretStr(""),
        description="32 bytes in URL-safe base64; empty: master.key in the data folder, made at first start.",
    )
    http_host: str = Field("127.0.0.1", description="Address the chat page listens on.")
    http_port: int = Field(8080, ge=0, le=65535, description="Port of the chat page; 0 picks a free one.")
    public_url: str = Field("", description="Address under which customers reach the pages, for links to clauses.")
    shop_name: str = Field(
        "ooccnnmm.com", min_length=1, max_length=100, description="The shop's name, as customers know it."
    )
    shop_operator: str = Field(
        "ooccnnmm.com 서비스 제공자",
        min_length=1,
        max_length=200,
        description="Who runs the bot, shown at first contact.",
    )
    widget_origins: str = Field(
        "",
        description="Origins of the shop's pages that may show the chat widget, separated by commas "
        "(`https://shop.example`; http for localhost only); empty: the widget is off.",
    )
    widget_secret: SecretStr = Field(
        SecretStr(""),
        description="What the shop signs its visitors with, 32 bytes or more; empty: every visitor is anonymous.",
    )
    telegram_token: SecretStr = Field(SecretStr(""), description="Bot token; empty: Telegram is off.")
    telegram_api_url: str = Field("https://api.telegram.org", description="Root of the Bot API server.")
    telegram_mode: Literal["polling", "webhook"] = Field("polling", description="How updates arrive.")
    telegram_webhook_secret: SecretStr = Field(
        SecretStr(""), description="1–256 characters of A–Z a–z 0–9 _ -; needed with webhook mode."
    )
    telegram_staff_chat: str = Field(
        "",
        pattern=r"^(-\d{1,20})?$",
        description="Id of the staff's group (-100…), told when somebody waits; empty: none.",
    )
    telegram_limits: Literal["on", "off"] = Field(
        "on", description="`off` lifts the platform's limits: for measuring against a server of one's own only."
    )
    embeddings_url: str = Field(
        "",
        description="An OpenAI-compatible service of text embeddings, without its `/embeddings` "
        "(`https://host/v1`; http for this machine only); empty: off. Questions leave, see embeddings.md.",
    )
    embeddings_model: str = Field("", max_length=200, description="The service's model; needed with its address.")
    embeddings_key: SecretStr = Field(SecretStr(""), description="The service's key; empty: none is sent.")
    embeddings_dimensions: int = Field(
        0, ge=0, le=8192, description="Numbers in a vector, asked of the service; 0: as many as the model gives."
    )
    embeddings_timeout: float = Field(
        0.3, gt=0, le=5, description="Seconds that questions wait for their vectors before the words alone decide."
    )
    embeddings_consent: Literal["", "none", "overseas"] = Field(
        "",
        description="`overseas` sends questions of customers only who agreed to processing abroad, `none` all; "
        "must be chosen unless the service runs on this machine.",
    )
    kb_two_person: Literal["on", "off"] = Field(
        "off", description="`on`: no change of the knowledge base goes live that a second admin has not approved."
    )
    desk_second_factor: Literal["off", "admins", "all"] = Field(
        "off", description="Whose accounts must have a second factor; whoever has none sets it up at the next sign-in."
    )
    desk_hours: str = Field(
        "",
        description="When people answer, in Korea: `mon-fri 09:00-18:00; sat 10:00-13:00`; public and substitute "
        "holidays are closed; empty: always open.",
    )
    desk_lunch: str = Field("", description="A pause of every day, `12:00-13:00`; empty: none.")
    desk_closed: str = Field("", description="Days that are closed besides, `2026-12-24, 2027-01-04`.")
    desk_extra: str = Field(
        "", description="Hours of single days, holidays too, in place of all others: `2026-12-25 10:00-15:00, …`."
    )
    desk_skills: str = Field(
        "",
        description="Who should take what: a tag, then reasons (`asked`, `unsure`, `set_aside`, `agent`) and entries "
        "that need it, `*` for any letters: `개인정보: deletion access*; 주문: order*`.",
    )
    desk_assign: Literal["manual", "auto"] = Field(
        "manual", description="`auto` gives what waits to whoever is there, has room and the skill; `manual` leaves it."
    )
    desk_away_minutes: int = Field(
        15, ge=2, le=1440, description="Minutes without an open page after which somebody is off and others go on."
    )
    desk_silent_minutes: int = Field(
        0, ge=0, le=10080, description="Open minutes a customer is left unanswered before others go on; 0: no limit."
    )
    desk_first_answer_minutes: int = Field(
        0, ge=0, le=100_000, description="Open minutes in which a customer should get a first answer; 0: no limit."
    )
    desk_resolution_minutes: int = Field(
        0, ge=0, le=100_000, description="Open minutes in which a conversation should be closed; 0: no limit."
    )
    desk_remind_minutes: int = Field(
        10, ge=0, le=10_080, description="Minutes before these limits at which board and staff's group say so."
    )
    desk_reopen_hours: int = Field(
        24, ge=0, le=720, description="Hours after its end in which writing opens a conversation again; 0: never."
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="What is logged.")

    @field_validator("public_url", "telegram_api_url")
    @classmethod
    def _web_address(cls, value: str) -> str:
        parts = urlsplit(value)
        if value and (parts.scheme not in ("http", "https") or not parts.netloc):
            raise ValueError("must be an address such as https://shop.example")
        return value.rstrip("/")

    @field_validator("embeddings_url")
    @classmethod
    def _service(cls, value: str) -> str:
        return service_address(value) if value else value

    @field_validator("database_url", "keys_url")
    @classmethod
    def _database(cls, value: str) -> str:
        if value and not value.startswith(("sqlite+aiosqlite:///", "postgresql+asyncpg://")):
            raise ValueError("must begin with sqlite+aiosqlite:/// or postgresql+asyncpg://")
        return value

    @field_validator("master_key")
    @classmethod
    def _key(cls, value: SecretStr) -> SecretStr:
        text = value.get_secret_value()
        if text and not is_master_key(text):
            raise ValueError("must be 32 bytes in URL-safe base64 (44 characters)")
        return value

    @field_validator("widget_origins")
    @classmethod
    def _origins(cls, value: str) -> str:
        return ",".join(origins(value))

    @field_validator("widget_secret")
    @classmethod
    def _widget_secret(cls, value: SecretStr) -> SecretStr:
        if 0 < len(value.get_secret_value().encode()) < _SHORTEST_SECRET:
            raise ValueError("must be 32 bytes or more; `openssl rand -base64 48` makes one")
        return value

    @model_validator(mode="after")
    def _desk(self) -> "Settings":
        self.desk_plan()
        return self

    @model_validator(mode="after")
    def _together(self) -> "Settings":
        if self.database_url.startswith("postgresql") and not self.keys_url:
            raise ValueError("SANGDAM_KEYS_URL must be set beside a PostgreSQL SANGDAM_DATABASE_URL")
        if self.keys_url and self.keys_url == self.database_url:
            raise ValueError("SANGDAM_KEYS_URL must be another database than SANGDAM_DATABASE_URL")
        if self.embeddings_url and not self.embeddings_model:
            raise ValueError("SANGDAM_EMBEDDINGS_MODEL must be set beside SANGDAM_EMBEDDINGS_URL")
        if self.embeddings_url and not self.embeddings_consent and not on_this_machine(self.embeddings_url):
            raise ValueError(
                "SANGDAM_EMBEDDINGS_CONSENT must be overseas or none beside SANGDAM_EMBEDDINGS_URL; "
                "docs/embeddings.md says which"
            )
        if self.telegram_token.get_secret_value() and self.telegram_mode == "webhook":
            if not self.public_url.startswith("https://") and "127.0.0.1" not in self.telegram_api_url:
                raise ValueError("SANGDAM_PUBLIC_URL must be an https address for SANGDAM_TELEGRAM_MODE=webhook")
            secret = self.telegram_webhook_secret.get_secret_value()
            if not 1 <= len(secret) <= 256 or not all(c.isascii() and (c.isalnum() or c in "_-") for c in secret):
                raise ValueError("SANGDAM_TELEGRAM_WEBHOOK_SECRET must be 1-256 characters of A-Z a-z 0-9 _ -")
        return self

    @property
    def widget_sites(self) -> tuple[str, ...]:
        """The origins that may show the widget."""
        return origins(self.widget_origins)

    def desk_plan(self) -> DeskPlan:
        """How the desk is run. Raises ValueError: which setting cannot be read and what it should look like."""
        try:
            hours = read_hours(self.desk_hours, self.desk_lunch, self.desk_closed, self.desk_extra)
        except HoursError as error:
            raise ValueError(f"SANGDAM_DESK_HOURS, _LUNCH, _CLOSED, _EXTRA: {error}") from None
        return DeskPlan(
            hours,
            first_answer=timedelta(minutes=self.desk_first_answer_minutes) if self.desk_first_answer_minutes else None,
            resolution=timedelta(minutes=self.desk_resolution_minutes) if self.desk_resolution_minutes else None,
            remind=timedelta(minutes=self.desk_remind_minutes),
            skills=read_skills(self.desk_skills),
            assigns=self.desk_assign == "auto",
            away=timedelta(minutes=self.desk_away_minutes),
            silent=timedelta(minutes=self.desk_silent_minutes) if self.desk_silent_minutes else None,
            reopen=timedelta(hours=self.desk_reopen_hours),
        )

    @property
    def knowledge_cache(self) -> Path:
        """Where a built index of the knowledge base is kept for the next start; made anew when it does not fit."""
        return self.data_dir / "cache" / "knowledge.npz"

    @property
    def data_url(self) -> str:
        return self.database_url or f"sqlite+aiosqlite:///{self.data_dir / 'sangdam.db'}"

    @property
    def persons_keys_url(self) -> str:
        return self.keys_url or f"sqlite+aiosqlite:///{self.data_dir / 'keys.db'}"


def load_settings(**overrides: Any) -> Settings:
    """Read the settings. Raises SettingsError: one line that names the variable and says what to change."""
    for name in _SECRETS:
        path = os.environ.get(f"{_PREFIX}{name}_FILE")
        if path and name.lower() not in overrides:
            try:
                overrides[name.lower()] = Path(path).read_text("utf-8").strip()
            except OSError as error:
                raise SettingsError(f"{_PREFIX}{name}_FILE: {path} cannot be read ({error.strerror})") from None
    try:
        return Settings(**overrides)
    except ValidationError as error:
        raise SettingsError("; ".join(_line(e) for e in error.errors())) from None


def is_master_key(text: str) -> bool:
    try:
        return len(base64.urlsafe_b64decode(text.encode())) == 32
    except ValueError:
        return False


def _line(error: Any) -> str:
    reason = str(error["msg"]).removeprefix("Value error, ")
    if not error["loc"]:
        return reason
    return f"{_PREFIX}{str(error['loc'][0]).upper()}: {reason}"
