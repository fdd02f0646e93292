// From draft to version: the gate's report, the second admin, and publishing.

import { byId, make, root } from "./dom.js";
import { ask, DECISIONS, during, entryLink, news, Refusal, tell } from "./knowledge.js";
import { newId } from "./steps.js";

const LISTS = {
  broken: ["틀리게 됩니다", "맞던 질문이 다른 답을 받습니다. 고치거나 이유를 적어야 게시됩니다."],
  failing: ["틀립니다", "지금도 초안에서도 맞지 않습니다."],
  mended: ["맞게 됩니다", ""],
  shifted: ["달라집니다", "맞고 틀림은 그대로이고, 답하는 방식이나 순서가 달라집니다."],
  orphaned: ["항목이 없어집니다", "삭제되는 항목의 질문이 이런 답을 받습니다."],
};
const LOOK = 700; // ms between looks at how far it has come
const form = byId("publish");

news.show();
byId("check")?.addEventListener("click", () => during(byId("check"), "check-wrong", () => working(async () => report(await ask("check", {})))));
form?.addEventListener("submit", (event) => {
  event.preventDefault();
  during(byId("go"), "publish-wrong", () => working(publish));
});
for (const button of byId("review")?.querySelectorAll("[data-step]") ?? []) {
  const id = newId();
  button.addEventListener("click", () =>
    during(button, "review-wrong", async () => {
      await ask("review", { id, step: button.dataset.step, remark: byId("remark").value });
      location.reload();
    }),
  );
}
for (const button of document.querySelectorAll("[data-model]")) {
  const id = newId();
  button.addEventListener("click", () =>
    during(button, "model-wrong", async () => {
      byId("model-words").hidden = false;
      try {
        await ask("model", { id, step: button.dataset.model });
        news.leave(button.dataset.model === "fit" ? "답하는 기준을 초안에 맞췄습니다." : "답하는 기준을 기본으로 되돌렸습니다.");
        location.reload();
      } finally {
        byId("model-words").hidden = true;
      }
    }),
  );
}

// Shows how far the questions have come while the work goes on.
async function working(work) {
  const since = Date.now();
  tell("running-words", "회귀 질문을 물어 보고 있습니다.");
  byId("running").hidden = false;
  const watch = setInterval(async () => {
    const response = await fetch(`${root}/desk/knowledge/check`).catch(() => null);
    const { done = 0, of = 0 } = response?.ok ? await response.json() : {};
    if (of) Object.assign(byId("progress"), { max: of, value: done });
    tell("running-words", `회귀 질문을 물어 보고 있습니다. ${Math.round((Date.now() - since) / 1000)}초째`);
  }, LOOK);
  try {
    return await work();
  } finally {
    clearInterval(watch);
    byId("running").hidden = true;
    byId("progress").removeAttribute("value");
  }
}

let step = newId();

async function publish() {
  try {
    const done = await ask("publish", { id: step, note: byId("note").value, override: byId("override").value });
    news.leave(`제${done.version}판을 게시했습니다. 지금부터 고객이 읽습니다.`);
    location.assign(`${root}/desk/knowledge/versions`);
  } catch (error) {
    if (!(error instanceof Refusal) || error.code === "offline") throw error; // sent again, it is still the same step
    step = newId();
    if (error.code === "broken") {
      report(error.data.report);
      byId("overriding").hidden = false;
      byId("override").focus();
    }
    throw error;
  }
}

function report(found) {
  const place = byId("report");
  const parts = Object.entries(LISTS).filter(([name]) => found[name].length);
  const worst = found.broken.length;
  place.replaceChildren(
    make("p", { class: worst ? "wrong" : "right" }, worst ? `회귀 질문 ${found.asked}개 가운데 ${worst}개가 틀리게 됩니다.` : `회귀 질문 ${found.asked}개를 물었습니다. 틀리게 되는 질문이 없습니다.`),
    ...parts.map(([name, [title, words]]) =>
      make(
        "details",
        { class: `outcome ${name}`, open: name === "broken" },
        make("summary", {}, `${title} ${found[name].length}개`),
        words ? make("p", { class: "small" }, words) : null,
        make("ol", { class: "asked" }, ...found[name].map(asked)),
      ),
    ),
  );
  byId("overriding").hidden = !worst;
  place.focus();
}

function asked(one) {
  return make("li", {}, make("q", {}, one.question), make("p", { class: "small" }, "맞는 항목 ", entryLink(one.entry), ` · 지금 ${said(one.was)} → 초안 ${said(one.would)}`));
}

const said = (outcome) => [DECISIONS[outcome.decision], outcome.entry || "항목 없음", outcome.rank ? `${outcome.rank}위` : "후보에 없음"].join(", ");
