"""Every setting of the portal, typed, read from the environment once.

A production configuration refuses to start on a default secret, a missing key or a demonstration clock, and says which.
"""

from __future__ import annotations

import base64
import ipaddress
import json
import os
import secrets
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Environment = Literal["development", "test", "production"]
ENVIRONMENTS: tuple[Environment, ...] = ("development", "test", "production")


class ConfigurationError(Exception):
    """The portal cannot start; the text says which setting is wrong and what to do."""


@dataclass(frozen=True, slots=True)
class Keys:
    """The portal's secrets. `field` and `passes` are key rings: version (1..255) -> 32 bytes; the highest one is in use."""

    session: str
    field: Mapping[int, bytes]
    match: bytes
    passes: Mapping[int, bytes]
    audit: bytes
    made_for: str

    @classmethod
    def new(cls, made_for: Environment) -> Keys:
        return cls(
            session=secrets.token_urlsafe(48),
            field={1: secrets.token_bytes(32)},
            match=secrets.token_bytes(32),
            passes={1: secrets.token_bytes(32)},
            audit=secrets.token_bytes(32),
            made_for=made_for,
        )

    def to_json(self) -> str:
        return json.dumps(
            {
                "made_for": self.made_for,
                "session": self.session,
                "field": {str(v): _b64(k) for v, k in self.field.items()},
                "match": _b64(self.match),
                "passes": {str(v): _b64(k) for v, k in self.passes.items()},
                "audit": _b64(self.audit),
            },
            indent=2,
        )

    @classmethod
    def from_json(cls, text: str, where: str) -> Keys:
        """Raises ConfigurationError naming the key that is missing or malformed."""
        try:
            raw = json.loads(text)
        except ValueError as error:
            raise ConfigurationError(f"{where} is not JSON; make a new one with: python -m portal keys new") from error
        for name in ("session", "field", "match", "passes", "audit"):
            if not raw.get(name):
                raise ConfigurationError(f"the key '{name}' is missing from {where}")
        try:
            keys = cls(
                session=str(raw["session"]),
                field={int(v): _key(k) for v, k in raw["field"].items()},
                match=_key(raw["match"]),
                passes={int(v): _key(k) for v, k in raw["passes"].items()},
                audit=_key(raw["audit"]),
                made_for=str(raw.get("made_for", "production")),
            )
        except (ValueError, AttributeError) as error:
            raise ConfigurationError(f"a key in {where} is malformed: {error}") from error
        if len(keys.session) < 32:
            raise ConfigurationError(f"the key 'session' in {where} is shorter than 32 characters")
        return keys


@dataclass(frozen=True, slots=True)
class Settings:
    """One frozen set of settings for a process. Built by `load`, or field by field in tests."""

    environment: Environment
    var_dir: Path
    port: int
    database_url: str
    keys: Keys
    base_url: str
    site_name: str = "Rackpass"
    site_name_zh: str = "睿柏数据中心"
    site_name_en: str = "Rackpass Data Center"
    site_address_zh: str = "北京经济技术开发区科创十四街 8 号"
    site_address_en: str = "8 Kechuang 14th Street, Beijing"
    site_phone: str = "010-5550 0199"
    timezone: str = "Asia/Shanghai"
    smtp_url: str = ""
    mail_from: str = "Rackpass <noreply@rackpass.example>"
    imap_url: str = ""
    desk_address: str = ""
    demo_clock_file: Path | None = None
    font_dir: Path | None = None
    font_cache: Path = Path("var/fonts")
    storage_url: str = ""
    server_processes: int = 1
    server_threads: int = 8
    notice_hours: int = 24
    address_rest_days: int = 30
    badge_stay_hours: int = 12
    overstay_repeat_minutes: int = 30
    upload_limit_mb: int = 10
    session_idle_minutes: int = 12 * 60
    session_days: int = 14
    proof_minutes: int = 10
    second_factor_required: bool = False
    trusted_proxies: int = 0
    metrics_allow: tuple[Network, ...] = (ipaddress.ip_network("127.0.0.0/8"), ipaddress.ip_network("::1/128"))
    review_due_days: int = 14
    review_grace_days: int = 14
    emergency_answer_minutes: int = 10
    emergency_hours: int = 4
    chat_inside_allowed: bool = False

    @property
    def production(self) -> bool:
        return self.environment == "production"


def load(env: Mapping[str, str] | None = None) -> Settings:
    """Reads the settings from `env` (the process's environment by default). Raises ConfigurationError."""
    env = os.environ if env is None else env
    environment = env.get("PORTAL_ENV", "development")
    if environment not in ENVIRONMENTS:
        raise ConfigurationError(f"PORTAL_ENV is '{environment}'; it can be {', '.join(ENVIRONMENTS)}")
    production = environment == "production"
    var_dir = Path(env.get("VAR_DIR") or "var").resolve()
    port = _number(env, "PORT", 8000)
    clock_file = env.get("PORTAL_DEMO_CLOCK_FILE")
    if production:
        if clock_file:
            raise ConfigurationError("PORTAL_DEMO_CLOCK_FILE moves the clock and is for demonstrations: not in production")
        for name in ("PORTAL_DATABASE_URL", "PORTAL_BASE_URL", "PORTAL_SMTP_URL"):
            if not env.get(name):
                raise ConfigurationError(f"{name} is not set; production needs it (see docs/deploy.md)")
        if not env["PORTAL_BASE_URL"].startswith("https://"):
            raise ConfigurationError("PORTAL_BASE_URL must begin with https:// in production")
    return Settings(
        environment=environment,
        var_dir=var_dir,
        port=port,
        database_url=env.get("PORTAL_DATABASE_URL") or f"sqlite:///{var_dir / 'rackpass.sqlite3'}",
        keys=_load_keys(keys_file(env), production),
        base_url=(env.get("PORTAL_BASE_URL") or f"http://127.0.0.1:{port}").rstrip("/"),
        site_name=env.get("PORTAL_SITE_NAME", "Rackpass"),
        site_name_zh=env.get("PORTAL_SITE_NAME_ZH", "睿柏数据中心"),
        site_name_en=env.get("PORTAL_SITE_NAME_EN", "Rackpass Data Center"),
        site_address_zh=env.get("PORTAL_SITE_ADDRESS_ZH", "北京经济技术开发区科创十四街 8 号"),
        site_address_en=env.get("PORTAL_SITE_ADDRESS_EN", "8 Kechuang 14th Street, Beijing"),
        site_phone=env.get("PORTAL_SITE_PHONE", "010-5550 0199"),
        timezone=env.get("PORTAL_TIMEZONE", "Asia/Shanghai"),
        smtp_url=env.get("PORTAL_SMTP_URL", ""),
        mail_from=env.get("PORTAL_MAIL_FROM", "Rackpass <noreply@rackpass.example>"),
        imap_url=env.get("PORTAL_IMAP_URL", ""),
        desk_address=env.get("PORTAL_DESK_ADDRESS", ""),
        demo_clock_file=Path(clock_file) if clock_file else None,
        font_dir=Path(env["PORTAL_FONT_DIR"]) if env.get("PORTAL_FONT_DIR") else None,
        font_cache=Path(env.get("PORTAL_FONT_CACHE") or var_dir / "fonts"),
        storage_url=env.get("PORTAL_STORAGE_URL") or (var_dir / "files").as_uri(),
        server_processes=_number(env, "PORTAL_PROCESSES", 1),
        server_threads=_number(env, "PORTAL_THREADS", 8),
        notice_hours=_number(env, "PORTAL_NOTICE_HOURS", 24),
        address_rest_days=_number(env, "PORTAL_ADDRESS_REST_DAYS", 30),
        badge_stay_hours=_number(env, "PORTAL_BADGE_STAY_HOURS", 12),
        overstay_repeat_minutes=_number(env, "PORTAL_OVERSTAY_REPEAT_MINUTES", 30),
        upload_limit_mb=_number(env, "PORTAL_UPLOAD_LIMIT_MB", 10),
        session_idle_minutes=_number(env, "PORTAL_SESSION_IDLE_MINUTES", 12 * 60),
        session_days=_number(env, "PORTAL_SESSION_DAYS", 14),
        proof_minutes=_number(env, "PORTAL_PROOF_MINUTES", 10, least=1),
        second_factor_required=_switch(env, "PORTAL_SECOND_FACTOR_REQUIRED", "yes" if production else "no"),
        trusted_proxies=_number(env, "PORTAL_TRUSTED_PROXIES", 0),
        metrics_allow=_networks(env, "PORTAL_METRICS_ALLOW", "127.0.0.0/8, ::1"),
        review_due_days=_number(env, "PORTAL_REVIEW_DUE_DAYS", 14),
        review_grace_days=_number(env, "PORTAL_REVIEW_GRACE_DAYS", 14),
        emergency_answer_minutes=_number(env, "PORTAL_EMERGENCY_ANSWER_MINUTES", 10, least=1),
        emergency_hours=_number(env, "PORTAL_EMERGENCY_HOURS", 4, least=1),
        chat_inside_allowed=_switch(env, "PORTAL_CHAT_INSIDE_ALLOWED"),
    )


def _load_keys(path: Path, production: bool) -> Keys:
    if not path.exists():
        if production:
            raise ConfigurationError(f"the key file {path} is missing; make one with: python -m portal keys new")
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=path.name, dir=path.parent)  # a name of its own for each thread too; mode 0600
        made = Path(name)
        with os.fdopen(handle, "w") as file:
            file.write(Keys.new("development").to_json())
        try:
            os.link(made, path)  # of two processes that start at once, one file wins for both
        except FileExistsError:
            pass
        finally:
            made.unlink()
    keys = Keys.from_json(path.read_text(), str(path))
    if production and keys.made_for != "production":
        raise ConfigurationError(f"{path} holds default secrets made for {keys.made_for}; production needs its own")
    return keys


def _number(env: Mapping[str, str], name: str, default: int, *, least: int | None = None) -> int:
    text = env.get(name) or str(default)
    try:
        number = int(text)
    except ValueError as error:
        raise ConfigurationError(f"{name} is '{text}'; it must be a whole number") from error
    if least is not None and number < least:
        raise ConfigurationError(f"{name} is {number}; it must be at least {least}")
    return number


def _switch(env: Mapping[str, str], name: str, default: str = "no") -> bool:
    text = env.get(name) or default
    if text not in ("yes", "no"):
        raise ConfigurationError(f"{name} is '{text}'; it must be yes or no")
    return text == "yes"


def _networks(env: Mapping[str, str], name: str, default: str) -> tuple[Network, ...]:
    try:
        return tuple(ipaddress.ip_network(part.strip()) for part in (env.get(name) or default).split(","))
    except ValueError as error:
        raise ConfigurationError(f"{name}: {error}; it must be networks such as 10.0.0.0/8, 192.0.2.7, separated by commas") from error


def keys_file(env: Mapping[str, str] | None = None) -> Path:
    """Where the key file is."""
    env = os.environ if env is None else env
    return Path(env.get("PORTAL_KEYS_FILE") or Path(env.get("VAR_DIR") or "var").resolve() / "keys.json")


def _b64(key: bytes) -> str:
    return base64.b64encode(key).decode()


def _key(text: str) -> bytes:
    key = base64.b64decode(text, validate=True)
    if len(key) != 32:
        raise ValueError("each key is 32 bytes in base64")
    return key
