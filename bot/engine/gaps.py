"""What the knowledge base is missing, as its admins see it: questions of one meaning together, and what to do of them."""

from handlers.entrance import TEXT_LIMIT
from knowledge.split import parts_of


def words_of(message: str, part: int) -> str:
    """The words of one question of a message; part as in domain.gaps.QuestionPlace."""
    read = message[:TEXT_LIMIT]
    parts = parts_of(read)
    return parts[part - 1] if 0 < part <= len(parts) else read.strip()
