// Groups of questions that were asked in vain: each becomes an alias, a regression question or a new entry, or goes.

import { byId, make, root } from "./dom.js";
import { ask, during, entryLink } from "./knowledge.js";
import { Kept, ofThisWindow } from "./knowledge_kept.js";

const PAUSE = 250; // ms without a key before entries are looked up
let timer = 0;
let looks = 0;

for (const group of document.querySelectorAll(".group")) {
  for (const button of group.querySelectorAll("[data-step]")) button.addEventListener("click", () => take(group, button));
  const field = group.querySelector(".entry");
  field.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(() => suggest(field.value), PAUSE);
  });
  field.addEventListener("focus", () => suggest(""), { once: true });
}

// A new entry is written on its own page, which finds the questions in this window's storage.
function write(group) {
  new Kept("gap", ofThisWindow).write({ keys: JSON.parse(group.dataset.keys), fields: JSON.parse(group.dataset.fields) });
  new Kept("new-from-gap", ofThisWindow).write(null);
  location.assign(`${root}/desk/knowledge/new#gap`);
}

function take(group, button) {
  const step = button.dataset.step;
  if (step === "new") return write(group);
  const body = { keys: JSON.parse(group.dataset.keys) };
  if (step === "dismiss") body.reason = group.querySelector(".reason").value;
  else Object.assign(body, { entry: group.querySelector(".entry").value.trim(), texts: group.querySelector(".texts").value });
  return during(button, group.querySelector(".wrong").id, async () => {
    const done = await ask(`gaps/${step}`, body);
    settle(group, step, done);
  });
}

function settle(group, step, done) {
  const words = { alias: "별칭으로 더했습니다. 게시하면 답합니다. ", question: "회귀 질문으로 더했습니다. 게시할 때 확인합니다. ", dismiss: "제외했습니다." }[step];
  const next = group.nextElementSibling?.querySelector("h2");
  group.classList.add("settled");
  group.replaceChildren(make("p", { role: "status" }, group.querySelector("h2").textContent, " · ", words, done.id ? entryLink(done.id, done.fields?.title) : null));
  (next ?? byId("main").querySelector("h1")).focus();
}

async function suggest(words) {
  const mine = ++looks;
  const response = await fetch(`${root}/desk/knowledge/find?q=${encodeURIComponent(words)}`).catch(() => null);
  const found = response?.ok ? await response.json() : null;
  if (!found || mine !== looks) return; // a later look overtook this one
  byId("entries").replaceChildren(...found.map((one) => make("option", { value: one.id }, one.title)));
}
