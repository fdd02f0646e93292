"""What a person calls the browser he signs in with."""

# The first that fits counts: most browsers name others besides themselves.
_BROWSERS = {
    "Edg": "Edge",
    "OPR/": "Opera",
    "Whale/": "웨일",
    "SamsungBrowser/": "삼성 인터넷",
    "Firefox/": "Firefox",
    "FxiOS/": "Firefox",
    "CriOS/": "Chrome",
    "Chrome/": "Chrome",
    "Safari/": "Safari",
}
_SYSTEMS = {
    "iPhone": "iPhone",
    "iPad": "iPad",
    "Android": "Android",
    "Windows": "Windows",
    "CrOS": "ChromeOS",
    "Macintosh": "Mac",
    "Linux": "Linux",
}


def device_of(user_agent: str) -> str:
    """Browser and system in words, empty when neither is known. Nothing of what the browser sent is kept as it is."""
    found = (next((name for sign, name in table.items() if sign in user_agent), "") for table in (_BROWSERS, _SYSTEMS))
    return " · ".join(name for name in found if name)
