"""Telling that an answer did not help, on the chat page, in Chromium."""

import pytest
from playwright.async_api import Page, expect

from domain.gaps import GapKind
from tests.web.service import Service
from tests.web.test_page import QUESTION, logged, open_chat, say

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_an_answer_that_did_not_help_is_marked_once_and_kept(page: Page, service: Service) -> None:
    log = await open_chat(page)
    await say(page, QUESTION)
    mark = log.get_by_role("button", name="도움이 안 됐어요")
    other = log.get_by_role("button", name="동의 관리 열기")
    quiet, loud = await mark.bounding_box(), await other.bounding_box()
    assert quiet is not None
    assert loud is not None
    assert 24 <= quiet["height"] < loud["height"]  # WCAG 2.2, 2.5.8
    await mark.click()
    await expect(log).to_contain_text("도움이 되지 못해 죄송합니다")
    await expect(mark).to_have_class("quiet chosen")
    await page.reload()
    await mark.click()
    await expect(log).to_contain_text("이미 전해 주셨습니다")
    asked = next(m for m in await logged(service, page) if m.text == QUESTION)
    (gap,) = [g for g in await service.storage.gaps.open() if g.kind is GapKind.UNHELPFUL]
    assert (gap.key.seq, gap.entry) == (asked.seq, "optional_collection")
    assert service.storage.gaps.texts([gap]) == [QUESTION]
