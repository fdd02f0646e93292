"""Korean text as customers type it: cleaned, wrong-keyboard input mended, letters taken apart into jamo.

Pure functions on strings. Hangul syllables are U+AC00 + (initial * 21 + vowel) * 28 + final.
"""

import re
import unicodedata

INITIALS = "ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎ"
VOWELS = "ㅏㅐㅑㅒㅓㅔㅕㅖㅗㅘㅙㅚㅛㅜㅝㅞㅟㅠㅡㅢㅣ"
FINALS = ("", *"ㄱㄲㄳㄴㄵㄶㄷㄹㄺㄻㄼㄽㄾㄿㅀㅁㅂㅄㅅㅆㅇㅈㅊㅋㅌㅍㅎ")

_KEY_TO_JAMO = dict(
    zip(
        "rRseEfaqQtTdwWczxvgkoiOjpuPhynbml",
        "ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎㅏㅐㅑㅒㅓㅔㅕㅖㅗㅛㅜㅠㅡㅣ",
        strict=True,
    )
)
_JAMO_TO_KEY = {jamo: key for key, jamo in _KEY_TO_JAMO.items()}
_VOWEL_PAIRS = {"ㅗㅏ": "ㅘ", "ㅗㅐ": "ㅙ", "ㅗㅣ": "ㅚ", "ㅜㅓ": "ㅝ", "ㅜㅔ": "ㅞ", "ㅜㅣ": "ㅟ", "ㅡㅣ": "ㅢ"}
_FINAL_PAIRS = {
    "ㄱㅅ": "ㄳ",
    "ㄴㅈ": "ㄵ",
    "ㄴㅎ": "ㄶ",
    "ㄹㄱ": "ㄺ",
    "ㄹㅁ": "ㄻ",
    "ㄹㅂ": "ㄼ",
    "ㄹㅅ": "ㄽ",
    "ㄹㅌ": "ㄾ",
    "ㄹㅍ": "ㄿ",
    "ㄹㅎ": "ㅀ",
    "ㅂㅅ": "ㅄ",
}
_SPLIT_PAIRS = {whole: pair for pair, whole in (_VOWEL_PAIRS | _FINAL_PAIRS).items()}

# Abbreviations and names that stay Latin inside Korean sentences.
_LATIN_NAMES = frozenset(
    """as sms lpg dpo id pw pc ip ar vr tv ai app ios gps qr url usb led lcd cctv vip pin otp pay kt lg sk skt cj gs cu
    ems dhl fedex ups faq qna kakao naver google apple iphone ipad mac samsung galaxy android windows email mail gmail
    web wifi bluetooth sns dm cs asap mms pdf excel csv json api html login logout ssn gdpr cookie naverpay kakaopay
    toss paypal visa master xl xs xxl mbti eu usa uk us ok""".split()  # noqa: SIM905
)
# English that also reads as Hangul keystrokes: left alone, unless the message around it is typed on the wrong layout.
_ENGLISH_WORDS = frozenset("the to do so go an am is it in on of or me my we be by he she you who how".split())  # noqa: SIM905

_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u2064\ufe00-\ufe0f\ufeff]")
_TAILS = re.compile(r"[ㅋㅎㅠㅜㅡ]{2,}|[ㅋㅎㅠㅜㅡ](?![가-힣])|[ㅏ-ㅣ]{2,}|\^\^+|-_+-|[;~]+|[:=]-?[)(DP]+")
_MANY = re.compile(r"(\D)\1{2,}")
_AGAIN = re.compile(r"(.{1,3}?)\1+")
_SPACES = re.compile(r"\s+")
_WIDE = re.compile("[\uff00-\uffef]")  # full-width Latin and half-width Hangul, which NFC leaves as they are
_ODD = re.compile("[^0-9A-Za-zㄱ-ㅣ가-힣 .,?!]")
_HANGUL = re.compile("[가-힣]")
_LATIN_RUN = re.compile(r"[A-Za-z]+")
_ONLY_JAMO = re.compile(r"[\sㄱ-ㅣ!.~?]+")


def normalise(text: str) -> str:
    """What a customer typed, made comparable: NFC, no emoji or laughing tails, at most one of a letter dragged out.

    A message that is nothing but loose letters ("ㄱㅅ", "ㅋㅋㅋ") keeps them, shortened: they are all it says.
    """
    text = unicodedata.normalize("NFC", text)
    text = unicodedata.normalize("NFKC", text) if _WIDE.search(text) else text
    text = _INVISIBLE.sub("", text)
    if _ODD.search(text):
        text = "".join(" " if unicodedata.category(c) in _PICTURE_CATEGORIES else c for c in text)
    text = repair_keyboard(text)
    text = _MANY.sub(r"\1", text)
    text = _AGAIN.sub(r"\1", text) if _ONLY_JAMO.fullmatch(text) else _TAILS.sub(" ", text)
    return _SPACES.sub(" ", text).strip()


_PICTURE_CATEGORIES = frozenset(("So", "Sk", "Cs", "Co", "Cn", "Cc", "Cf"))


def repair_keyboard(text: str) -> str:
    """Hangul typed on the Latin layout (영타: "ghksqnf" is 환불) put right, run of letters by run of letters.

    A run is mended when its keystrokes give whole, common syllables. In a message that is mostly such runs the others
    are mended too. Known Latin words and capitals no Korean typist holds Shift for stay.
    """
    runs = list(_LATIN_RUN.finditer(text))
    if not runs:
        return text
    hangul = bool(_HANGUL.search(text))
    mended = [_mend(m.group()) for m in runs]
    clean = sum(len(m.group()) for m, (_, ok) in zip(runs, mended, strict=True) if ok)
    mostly = clean * 2 > sum(len(m.group()) for m in runs) and clean >= 3
    if not mostly and not (hangul and clean >= 3):
        return text
    out, at = [], 0
    for match, (hangul_text, ok) in zip(runs, mended, strict=True):
        word = match.group()
        keep = word.lower() in _LATIN_NAMES or not (ok or (mostly and not hangul))
        if hangul and len(word) < 3:
            keep = True
        out += [text[at : match.start()], word if keep else hangul_text]
        at = match.end()
    return "".join([*out, text[at:]])


def _mend(run: str) -> tuple[str, bool]:
    """The run as Hangul, and whether that reads as Korean."""
    prefix = re.match(r"[A-Z]{2,}(?=[a-z])", run)
    if prefix and prefix.group().lower() in _LATIN_NAMES:
        rest, ok = _mend(run[prefix.end() :])
        return prefix.group() + rest, ok
    if run.lower() in _LATIN_NAMES:
        return run, False
    composed = from_keys(run)
    if run.lower() in _ENGLISH_WORDS:
        return composed, False
    return composed, _reads_korean(composed) and not (run.isupper() and len(run) > 1 and set(run) - set("QWERTOP"))


def _reads_korean(text: str) -> bool:
    text = re.sub("[ㅋㅎㅠㅜㅡ]+$", "", text)
    try:
        text.encode("euc_kr")  # KS X 1001 holds the 2,350 syllables that Korean uses: a frequency list without data
    except UnicodeEncodeError:
        return False
    return bool(text) and all("가" <= c <= "힣" for c in text)


def from_keys(run: str) -> str:
    """Keystrokes of the two-set Korean layout (letters only) composed as an input method would compose them."""
    return compose("".join(_KEY_TO_JAMO.get(k) or _KEY_TO_JAMO[k.lower()] for k in run))


def to_keys(text: str) -> str:
    """The keystrokes that give this Hangul: what is typed when the layout is Latin by mistake. All else as it is."""
    return "".join(_JAMO_TO_KEY.get(key, key) for jamo in to_jamo(text) for key in _SPLIT_PAIRS.get(jamo, jamo))


def compose(jamo: str) -> str:
    """Loose jamo put together into syllables, left to right; what fits nowhere stays loose."""
    out: list[str] = []
    initial = vowel = final = ""

    def flush() -> None:
        nonlocal initial, vowel, final
        if initial and vowel:
            code = (INITIALS.index(initial) * 21 + VOWELS.index(vowel)) * 28 + FINALS.index(final)
            out.append(chr(0xAC00 + code))
        elif initial or vowel:
            out.append(initial or vowel)
        initial = vowel = final = ""

    for j in jamo:
        if j in VOWELS:
            if final:
                pair = _SPLIT_PAIRS.get(final)
                moved = pair[1] if pair else final
                final = pair[0] if pair else ""
                flush()
                initial, vowel = moved, j
            elif vowel and vowel + j in _VOWEL_PAIRS:
                vowel = _VOWEL_PAIRS[vowel + j]
            elif vowel or not initial:
                flush()
                vowel = j
            else:
                vowel = j
        elif initial and vowel and not final and j in FINALS:
            final = j
        elif final and final + j in _FINAL_PAIRS:
            final = _FINAL_PAIRS[final + j]
        elif j in INITIALS:
            flush()
            initial = j
        else:
            flush()
            out.append(j)
    flush()
    return "".join(out)


def _jamo_table() -> dict[int, str]:
    table = {}
    for code in range(11172):
        initial, rest = divmod(code, 588)
        vowel, final = divmod(rest, 28)
        table[0xAC00 + code] = INITIALS[initial] + VOWELS[vowel] + FINALS[final]
    return table


_JAMO = _jamo_table()


def to_jamo(text: str) -> str:
    """Every syllable taken apart (환불 is ㅎㅘㄴㅂㅜㄹ); all else as it is."""
    return text.translate(_JAMO)
