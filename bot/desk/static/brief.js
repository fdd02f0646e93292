// What stands above a conversation that was handed over: why, since when, and what was asked before.

import { byId, dayOf, make, timeOf } from "./dom.js";

export function drawBrief(brief) {
  const place = byId("brief");
  place.hidden = !brief;
  if (!brief) return;
  place.classList.toggle("urgent", brief.urgent);
  const facts = [brief.urgent && "급한 문의", brief.reason, brief.skill && `담당 분야 ${brief.skill}`, brief.since && `${dayOf(brief.since)} ${timeOf(brief.since)} 접수`];
  byId("brief-facts").textContent = facts.filter(Boolean).join(" · ");
  byId("brief-asked").replaceChildren(
    ...brief.asked.map((one) => make("li", {}, make("b", {}, one.question), make("span", {}, one.answers.length ? ` → ${one.answers.join(" / ")}` : " → 답변 없음"))),
  );
  byId("brief-none").hidden = brief.asked.length > 0;
}
