"""What tells who somebody is, taken out of a text before it leaves for a service outside.

Beside the numbers that may never be stored (domain.identifiers): telephone, order, account and other long numbers,
e-mail addresses, accounts in messengers, and where links point to. Names and street addresses cannot be told from other
words and stay.
"""

import re
import unicodedata

from domain.identifiers import redact

EMAIL, LINK, ACCOUNT, NUMBER = "[이메일]", "[링크]", "[계정]", "[번호]"

# Bounded repetitions only, so the time stays linear in the length of the text.
_EMAIL = re.compile(r"[\w.+%-]{1,64}[@＠][\w-]{1,63}(?:[.．][\w-]{1,63}){1,8}", re.ASCII)
_WRITTEN = re.compile(
    r"(?:https?|ftp)://[^\s<>\"'）)]{1,2000}"
    r"|(?<![\w.@-])(?:[A-Za-z0-9-]{1,63}\.){1,5}[A-Za-z]{2,24}(?::\d{1,5})?[/?#][^\s<>\"'）)]{0,2000}",
    re.ASCII,
)
_ACCOUNT = re.compile(r"(?<![\w@])[@＠][A-Za-z0-9_.]{3,64}", re.ASCII)
# Letters and digits of one token, such as an order's or a parcel's: four digits or more in it.
_CODE = re.compile(
    r"(?<![A-Za-z0-9])(?=[A-Za-z0-9_-]{0,60}?(?:[0-9][A-Za-z_-]{0,20}){4})[A-Za-z0-9][A-Za-z0-9_-]{5,63}"
)
_MONEY = re.compile(r"(?:[0-9]{1,3}(?:,[0-9]{3}){1,4}|[0-9]{1,9})(?= {0,1}(?:원|만 ?원|천 ?원|억))")
# Digits, or the syllables that telephone numbers are spoken in.
_DIGIT = "[0-9공영일이삼사오육륙칠팔구]"
_RUN = re.compile(r"\+?\(?[0-9](?:[ ().,/~_-]{0,3}[0-9]){5,40}")
_SPOKEN = re.compile(rf"{_DIGIT}(?:[ .,-]{{0,2}}{_DIGIT}){{7,40}}")
_DASHES = dict.fromkeys(map(ord, "‐‑‒–—―−－ㅡー～·"), "-") | dict.fromkeys(map(ord, "．"), ".")


def mask(text: str) -> str:
    """The text without identifiers, each replaced by a Korean word in square brackets. Amounts of money and short
    numbers ("7일", "제12조") stay. Masking what is masked changes nothing; never raises."""
    text = redact(text).text
    text = _EMAIL.sub(EMAIL, text)
    text = _WRITTEN.sub(LINK, text)
    text = _ACCOUNT.sub(ACCOUNT, text)
    plain = _plain(text)
    money = [m.span() for m in _MONEY.finditer(plain)]
    spans = sorted(
        m.span() for pattern in (_CODE, _RUN, _SPOKEN) for m in pattern.finditer(plain) if m.span() not in money
    )
    out, end = [], 0
    for start, stop in spans:
        if stop <= end:
            continue
        if start >= end:
            out += [text[end:start], NUMBER]
        end = stop
    return "".join([*out, text[end:]])


def _plain(text: str) -> str:
    """The text with every digit and dash of any script as the plain one; one character for one."""
    return "".join(map(_plain_digit, text.translate(_DASHES)))


def _plain_digit(character: str) -> str:
    if character.isascii():
        return character
    value = unicodedata.digit(character, None)
    return character if value is None else str(value)
