"""The knowledge base's part of the desk: its parts put together, and its routes, for admins alone."""

from starlette.routing import BaseRoute

from bot.desk.guard import Guard
from bot.desk.knowledge import KnowledgePages
from bot.desk.knowledge_gaps import KnowledgeGaps
from bot.desk.knowledge_import import KnowledgeImport
from bot.desk.knowledge_steps import KnowledgeSteps
from bot.desk.knowledge_versions import KnowledgeVersions
from bot.desk.pages import Pages
from bot.desk.rules import data, page
from bot.engine.documents import Documents
from bot.engine.workshop import Workshop
from domain.staff import EDITORS
from handlers.catalogue import Texts


class KnowledgeDesk:
    """Pages under /desk/knowledge."""

    def __init__(self, workshop: Workshop, guard: Guard, pages: Pages, texts: Texts) -> None:
        editing, publishing = workshop.editing, workshop.publishing
        self._guard = guard
        self._pages = KnowledgePages(editing, pages, texts)
        self._steps = KnowledgeSteps(editing, publishing)
        self._import = KnowledgeImport(Documents(editing), pages)
        self._gaps = KnowledgeGaps(editing, workshop.gaps, pages)
        self._versions = KnowledgeVersions(editing, workshop.fitting, publishing, pages)

    @property
    def routes(self) -> list[BaseRoute]:
        shown, said = page(EDITORS), data(EDITORS)
        pages = {
            "": self._pages.entries,
            "/new": self._pages.new,
            "/e/{entry}": self._pages.entry,
            "/gaps": self._gaps.page,
            "/import": self._import.page,
            "/publish": self._versions.publishing,
            "/versions": self._versions.versions,
            "/diff": self._versions.difference,
        }
        steps = {
            "/preview": self._steps.preview,
            "/try": self._steps.try_question,
            "/save": self._steps.save,
            "/remove": self._steps.remove,
            "/revert": self._steps.revert,
            "/import/propose": self._import.propose,
            "/import/take": self._import.take,
            "/gaps/{step}": self._gaps.take,
            "/check": self._versions.check,
            "/publish": self._versions.publish,
            "/rollback": self._versions.roll_back,
            "/review": self._versions.review,
            "/model": self._versions.model,
        }
        signed = self._guard.signed
        return [
            *(signed(f"/desk/knowledge{path}", "GET", endpoint, shown) for path, endpoint in pages.items()),
            signed("/desk/knowledge/check", "GET", self._versions.progress, said),
            signed("/desk/knowledge/find", "GET", self._gaps.find, said),
            *(signed(f"/desk/knowledge{path}", "POST", endpoint, said) for path, endpoint in steps.items()),
        ]
