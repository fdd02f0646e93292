// The two lists: who waits, and whom I have. They are drawn anew from each state, and keep the focus.

import { ago, byId, dayOf, make, root, timeOf } from "./dom.js";

const CHANNELS = { web: "웹", telegram: "텔레그램", terminal: "터미널" };
const REASONS = { asked: "고객 요청", unsure: "답 못 찾음", set_aside: "처리 실패", agent: "상담원" };
const here = Number(byId("main").dataset.conversation ?? 0);
let known = null;
let last = null;

export function draw(board) {
  last = board;
  list("waiting", board.waiting);
  list("mine", board.mine);
  const count = byId("count");
  count.hidden = !board.waiting.length;
  count.textContent = board.waiting.length;
  const title = document.title.replace(/^\(\d+\) /, "");
  document.title = board.waiting.length ? `(${board.waiting.length}) ${title}` : title;
  announce(board.waiting);
}

setInterval(() => last && draw(last), 30_000); // the minutes go on

function announce(waiting) {
  const numbers = new Set(waiting.map((row) => row.number));
  const news = byId("news");
  if (known && news) {
    const fresh = waiting.filter((row) => !known.has(row.number));
    if (fresh.length) news.textContent = `새 고객이 기다립니다. 접수번호 ${fresh.map((row) => row.number).join(", ")}`;
  }
  known = numbers;
}

function due({ what, at }) {
  const minutes = Math.ceil((new Date(at) - Date.now()) / 60_000);
  const name = what === "first" ? "첫 답변" : "처리";
  return minutes > 0 ? `${name} 기한 ${minutes}분 남음` : `${name} 기한 지남`;
}

function list(name, rows) {
  const place = byId(name);
  byId(`${name}-count`).textContent = rows.length;
  byId(`${name}-empty`).hidden = rows.length > 0;
  const focused = place.contains(document.activeElement) ? document.activeElement.getAttribute("href") : null;
  place.replaceChildren(...rows.map((row) => item(row, name)));
  if (focused) place.querySelector(`[href="${CSS.escape(focused)}"]`)?.focus();
}

function item(row, name) {
  const since = make("time", { datetime: row.since, title: `${dayOf(row.since)} ${timeOf(row.since)}` }, ago(row.since));
  const fresh = name === "mine" && row.unanswered;
  return make(
    "li",
    {},
    make(
      "a",
      { href: `${root}/desk/c/${row.id}`, class: fresh ? "row fresh" : "row", "aria-current": row.id === here ? "page" : null },
      make("span", { class: "line" }, make("b", { class: "whole" }, row.number || "번호 없음"), since),
      make("span", { class: "words" }, row.words || "아직 적은 글이 없습니다."),
      make(
        "span",
        { class: "line tags" },
        row.urgent ? make("strong", { class: "urgent" }, "급함") : null,
        make("span", {}, CHANNELS[row.channel] ?? row.channel),
        row.skill ? make("span", {}, row.skill) : null,
        row.reason ? make("span", {}, REASONS[row.reason] ?? "확인 필요") : null,
        row.due && new Date(row.due.from) <= Date.now() ? make("strong", { class: "urgent" }, due(row.due)) : null,
        row.snoozed ? make("span", {}, `${timeOf(row.snoozed)} 다시 보기`) : null,
        fresh ? make("strong", {}, "답변 필요") : null,
      ),
    ),
  );
}
