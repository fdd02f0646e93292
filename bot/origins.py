"""Addresses in settings: origins of web pages as browsers write them (scheme, host and a port that is not the usual
one), and services outside."""

import ipaddress
import re
from urllib.parse import urlsplit

_HOST = re.compile(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?")
_OWN_MACHINE = ("localhost", "127.0.0.1")
_USUAL = {"https": 443, "http": 80}


def origins(text: str) -> tuple[str, ...]:
    """A comma separated list, each origin once and in its order. Raises ValueError that says what to change."""
    written = [part.strip() for part in text.split(",")]
    return tuple(dict.fromkeys(_origin(part) for part in written if part))


def _origin(text: str) -> str:
    """What the browser will call this origin. It is written into a header, so nothing else gets through."""
    wrong = ValueError(f"{text[:80]!r} must be an origin such as https://shop.example, without path or wildcard")
    try:
        parts = urlsplit(text)
        port = parts.port
        host = (parts.hostname or "").encode("idna").decode().lower()
    except ValueError:  # a port that is no number, a name that is no name
        raise wrong from None
    if parts.scheme not in _USUAL or not _HOST.fullmatch(host) or "@" in parts.netloc or "*" in host:
        raise wrong
    if parts.path or "?" in text or "#" in text:
        raise wrong
    if parts.scheme == "http" and host not in _OWN_MACHINE:
        raise ValueError(f"{text[:80]!r} must begin with https:// (http is for localhost and 127.0.0.1 only)")
    return f"{parts.scheme}://{host}" + (f":{port}" if port and port != _USUAL[parts.scheme] else "")


def service_address(text: str) -> str:
    """Where a service is, without a slash at its end. Raises ValueError that says what to change."""
    try:
        parts = urlsplit(text)
        wrong = parts.scheme not in _USUAL or not parts.hostname or parts.port == 0
    except ValueError:  # a port that is no number, a bracket that is not closed
        wrong = True
    if wrong or "@" in text or "?" in text or "#" in text or not text.isprintable() or " " in text:
        raise ValueError("must be an address such as https://host/v1, without name, password, ? and #")
    if text.startswith("http:") and not on_this_machine(text):
        raise ValueError("must begin with https:// (http is for this machine only)")
    return text.rstrip("/")


def on_this_machine(address: str) -> bool:
    """Whether what is sent there stays here: localhost, 127.0.0.0/8 and [::1]."""
    host = urlsplit(address).hostname or ""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
