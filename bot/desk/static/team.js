// Who is there and who has what, for supervisors. Rows are made once and changed, so that what is being typed stays.

import { ago, byId, make, root } from "./dom.js";
import { post } from "./steps.js";

const PRESENCE = { on: "상담 가능", pause: "잠시 쉼", off: "자리 비움" };

export function drawTeam(board) {
  const place = byId("team");
  if (!place) return;
  for (const gone of [...place.children].filter((row) => !board.team.some((one) => String(one.id) === row.dataset.person))) gone.remove();
  for (const one of board.team) {
    const row = place.querySelector(`[data-person="${one.id}"]`) ?? place.appendChild(person(one));
    row.querySelector(".there").textContent = PRESENCE[one.presence];
    row.querySelector(".there").dataset.presence = one.presence;
    row.querySelector(".load").textContent = one.limit ? `${one.load}/${one.limit}건` : `${one.load}건`;
    const held = board.held.filter((talk) => talk.agent === one.id);
    row.querySelector(".held").replaceChildren(...held.map(link));
  }
}

function link(talk) {
  const tags = [talk.urgent && "급함", talk.snoozed && "나중에", talk.unanswered && "답변 필요"].filter(Boolean).join(" · ");
  return make("li", {}, make("a", { href: `${root}/desk/c/${talk.id}` }, talk.number || "번호 없음"), ` ${ago(talk.since)}${tags ? ` · ${tags}` : ""}`);
}

function person(one) {
  const limit = make("input", { type: "number", min: "0", max: "100", value: one.limit, "aria-label": `${one.alias} 동시 상담 수` });
  const skills = make("input", { type: "text", value: one.skills.join(", "), maxlength: "400", "aria-label": `${one.alias} 담당 분야` });
  const told = make("span", { class: "small", role: "status" });
  const save = make("button", { type: "submit", class: "side" }, "저장");
  const form = make("form", { class: "duty" }, make("label", {}, "동시 상담 수 ", limit), make("label", {}, "담당 분야 ", skills), save, told);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const said = await post(`/desk/team/${one.id}`, { limit: limit.valueAsNumber, skills: skills.value });
    told.textContent = said.message ?? "저장했습니다.";
  });
  return make(
    "li",
    { class: "box person", "data-person": one.id },
    make("h2", {}, one.alias, " ", make("span", { class: "there" }), " ", make("span", { class: "load small" })),
    make("ul", { class: "held" }),
    form,
  );
}
