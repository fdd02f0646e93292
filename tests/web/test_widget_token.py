"""What the server makes of the widget's requests: the shop's signature, sessions of visitors, headers, limits."""

import base64
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from bot.channels.web import Rate, WebLimits
from bot.channels.web.answers import Refused
from bot.channels.web.sessions import VISITOR_LASTS, Session, Sessions, Visitor
from bot.channels.web.visitors import Visitors
from storage.crypto import Hashes
from storage.opening import Storage
from tests.conftest import Urls
from tests.web.conftest import client
from tests.web.customer import Customer, messages
from tests.web.service import Service, serving
from tests.web.shop import SECRET, ShopSite, signed

pytestmark = pytest.mark.asyncio(loop_scope="session")

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
AT = int(NOW.timestamp())


def token(secret: str = SECRET, algorithm: str = "HS256", **claims: Any) -> str:
    said = {"sub": "7", "iat": AT, "exp": AT + 600} | claims
    return jwt.encode({k: v for k, v in said.items() if v is not None}, secret, algorithm=algorithm)


def by_hand(header: object, claims: object, mark: str = "") -> str:
    parts = (base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in (header, claims))
    return ".".join((*parts, mark))


def sealed(claims: bytes) -> str:
    """A true signature over what may be no claims at all."""
    return jwt.PyJWS().encode(claims, SECRET, "HS256")


def read(signature: str, secret: str = SECRET, now: datetime = NOW) -> Visitor:
    return Visitors(secret, lambda: now).check(signature)


def refused(signature: str, secret: str = SECRET, now: datetime = NOW) -> str:
    with pytest.raises(Refused) as raised:
        read(signature, secret, now)
    assert raised.value.status == 403
    return raised.value.key


async def test_a_signature_says_who_it_is() -> None:
    assert read(token()) == Visitor("7", "")
    assert read(token(sub="가" * 200, name="온담 손님")) == Visitor("가" * 200, "온담 손님")
    assert read(token(name="", aud="anything", iss="the shop", jti="1")) == Visitor("7", "")
    assert read(token(iat=AT + 30, exp=AT + 930)).subject == "7"  # the shop's clock is a little ahead
    assert read(token(iat=AT - 899, exp=AT + 1)).subject == "7"


async def test_it_is_over_when_it_is_over() -> None:
    for seconds in (600, 601, 86_400):
        assert refused(token(), now=NOW + timedelta(seconds=seconds)) == "visitor_expired"
    assert read(token(), now=NOW + timedelta(seconds=599)).subject == "7"


CLAIMS = {"sub": "7", "iat": AT, "exp": AT + 600}
WRONG: dict[str, Callable[[], str]] = {
    "no exp": lambda: token(exp=None),
    "no iat": lambda: token(iat=None),
    "no sub": lambda: token(sub=None),
    "lives 16 minutes": lambda: token(exp=AT + 960),
    "made tomorrow": lambda: token(iat=AT + 86_400, exp=AT + 86_700),
    "not yet": lambda: token(nbf=AT + 300),
    "exp is text": lambda: token(exp=str(AT + 600)),
    "exp is true": lambda: token(exp=True),
    "exp is no number": lambda: token(exp=float("nan")),
    "exp without end": lambda: token(exp=10**400),
    "iat before time": lambda: token(iat=-1),
    "sub is a number": lambda: sealed(json.dumps(CLAIMS | {"sub": 7}).encode()),
    "sub is empty": lambda: token(sub=""),
    "sub is long": lambda: token(sub="a" * 201),
    "sub has a line": lambda: token(sub="a\nb"),
    "sub is half a letter": lambda: token(sub="\ud800"),
    "name is long": lambda: token(name="a" * 101),
    "name is a list": lambda: token(name=["a"]),
    "another secret": lambda: token(secret="x" * 40),
    "no secret": lambda: token(secret="", algorithm="none"),
    "none by hand": lambda: by_hand({"alg": "none"}, CLAIMS),
    "None by hand": lambda: by_hand({"alg": "nOnE"}, CLAIMS),
    "no mark": lambda: token().rpartition(".")[0] + ".",
    "HS512": lambda: token(algorithm="HS512"),
    "other claims": lambda: ".".join([token().split(".")[0], token(sub="8").split(".")[1], token().split(".")[2]]),
    "critical": lambda: jwt.encode(CLAIMS, SECRET, "HS256", headers={"crit": ["b64"], "b64": False}),
    "no claims": lambda: sealed(b"[]"),
    "deep": lambda: sealed(b"[" * 2_900),
    "no json": lambda: sealed(b"\xff{"),
    "long": lambda: token(more="a" * 5_000),
    "nothing": lambda: "..",
    "text": lambda: "가나다",
}


@pytest.mark.parametrize("kind", WRONG)
async def test_what_is_wrong_is_refused(kind: str) -> None:
    assert refused(WRONG[kind]()) == "visitor_refused"


async def test_a_key_of_another_kind_signs_nothing() -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    assert refused(token(secret=private.decode(), algorithm="RS256")) == "visitor_refused"


async def test_without_a_secret_nobody_is_signed() -> None:
    assert refused(token(), secret="") == "visitor_refused"
    assert refused(by_hand({"alg": "HS256"}, CLAIMS), secret="") == "visitor_refused"


def sessions(now: datetime = NOW, secret: str = SECRET, address_key: bytes = b"a" * 32) -> Sessions:
    return Sessions(Hashes(address_key, b"l" * 32), lambda: now, secret)


async def test_a_visitors_session_ends_by_itself() -> None:
    bearer = "Bearer " + sessions().for_visitor(Visitor("가" * 200, "온" * 100))
    assert sessions().read(bearer) == Session("visitor:" + "가" * 200, "온" * 100)
    assert sessions(NOW + VISITOR_LASTS - timedelta(seconds=1)).read(bearer) is not None
    assert sessions(NOW + VISITOR_LASTS).read(bearer) is None
    for other in (sessions(secret="x" * 40), sessions(secret=""), sessions(address_key=b"b" * 32)):
        assert other.read(bearer) is None


async def test_a_visitors_session_cannot_be_made_elsewhere() -> None:
    one, two = (sessions().for_visitor(Visitor(subject)) for subject in ("7", "8"))
    anonymous = sessions().new()
    said, mark = one.removeprefix("v.").split(".")
    forged = [
        f"v.{two.split('.')[1]}.{mark}",  # another's name under one's own mark
        f"v.{anonymous}",
        f"{said}.{mark}",
        f"v.{said}",
        f"v.{said}.",
        f"v..{mark}",
        "v.",
        f"visitor:7.{anonymous.split('.')[1]}",
        f"v.{said}=.{mark}",
    ]
    for bearer in forged:
        assert sessions().read(f"Bearer {bearer}") is None, bearer


async def test_visitors_are_kept_apart_under_names_that_say_nothing() -> None:
    one, two = (sessions().account(Visitor(subject)) for subject in ("7", "8"))
    assert one != two
    assert one == sessions().account(Visitor("7", "a name"))
    assert one != "7"


async def open_visitor(http: httpx.AsyncClient, subject: str, **claims: Any) -> Customer:
    response = await http.post("/widget/session", json={"visitor": signed(subject, **claims)})
    assert response.status_code == 201, response.text
    assert response.headers["cache-control"] == "no-store"
    return Customer(http, response.json()["token"])


async def test_two_sessions_of_a_visitor_are_one_customer(bot: Service) -> None:
    async with client(bot) as http:
        one, two = [await open_visitor(http, "두 기기", name="온담 손님") for _ in range(2)]
        other = await open_visitor(http, "다른 손님")
        await one.say(text="하나")
        async with two.listening() as events, other.listening() as others:
            assert (await messages(events, 1))[0]["text"] == "하나"
            await other.say(text="셋")
            assert (await messages(others, 1))[0]["text"] == "셋"


async def test_what_is_wrong_with_a_request_is_told(bot: Service) -> None:
    async with client(bot) as http:
        for body in ({}, {"visitor": 5}, {"visitor": ""}, {"visitor": None}):
            response = await http.post("/widget/session", json=body)
            assert (response.status_code, response.json()["error"]) == (400, "bad_visitor")
        assert (await http.post("/widget/session", json=[])).json()["error"] == "not_json"
        response = await http.post("/widget/session", json={"visitor": token()})
        assert (response.status_code, response.json()["error"]) == (403, "visitor_expired")
        assert response.json()["message"].startswith("로그인 확인 시간이 지나 비회원으로 상담합니다.")
        response = await http.post("/widget/session", json={"visitor": "a" * 70_000})
        assert response.status_code == 413
        response = await http.post("/widget/session", json={"visitor": "a" * 60_000})
        assert response.json()["error"] == "visitor_refused"
        assert (await http.get("/widget/session")).status_code == 405


async def test_the_frame_is_for_the_shops_own_sites(bot: Service, shop: ShopSite) -> None:
    async with client(bot) as http:
        page, chat, script = [await http.get(path) for path in ("/widget", "/", "/widget.js")]
    assert f"frame-ancestors {shop.url};" in page.headers["content-security-policy"]
    assert "frame-ancestors 'self';" in chat.headers["content-security-policy"]
    assert "unsafe" not in page.headers["content-security-policy"]
    assert not any("set-cookie" in response.headers for response in (page, chat, script))
    assert script.headers["content-type"] == "text/javascript; charset=utf-8"
    assert script.headers["cross-origin-resource-policy"] == "cross-origin"
    assert shop.url in script.text
    async with client(bot) as http:
        again = await http.get("/widget.js", headers={"If-None-Match": script.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


async def test_without_origins_nothing_is_framed(service: Service) -> None:
    async with client(service) as http:
        page, script = await http.get("/widget"), await http.get("/widget.js")
        response = await http.post("/widget/session", json={"visitor": signed("7")})
    assert "frame-ancestors 'none';" in page.headers["content-security-policy"]
    assert script.text.startswith('console.warn("[상담] 위젯이 꺼져 있습니다.')
    assert "SANGDAM_WIDGET_ORIGINS" in script.text
    assert script.text.count("\n") == 1
    assert (response.status_code, response.json()["error"]) == (403, "visitor_refused")


async def test_a_flood_of_signatures_is_held_back(sqlite_urls: Urls) -> None:
    limits = WebLimits(address_visitors=Rate(2, 0.1))
    storage: Storage
    async with (
        sqlite_urls.open() as storage,
        serving(storage, limits=limits, answers=False, widget_secret=SECRET) as running,
        client(running) as http,
    ):
        codes = [(await http.post("/widget/session", json={"visitor": signed("7")})).status_code for _ in range(3)]
        refusal = await http.post("/widget/session", json={"visitor": "x"})
    assert codes == [201, 201, 429]
    assert int(refusal.headers["retry-after"]) >= 1
