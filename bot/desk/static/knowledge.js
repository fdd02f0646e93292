// What the pages of the knowledge base share: asking the server, words for decisions, a question before a step.

import { byId, make, root } from "./dom.js";
import { Refusal } from "./steps.js";

export { Refusal };

export const DECISIONS = { answer: "답변", clarify: "되묻기", handover: "상담원 연결", start: "처리 시작", chat: "인사말" };

// Throws Refusal; its data is what the server said.
export async function ask(path, body, signal) {
  let response;
  try {
    response = await fetch(`${root}/desk/knowledge/${path}`, {
      method: "POST",
      headers: { "Content-Type": "application/json", "X-Desk-Token": document.body.dataset.proof },
      body: JSON.stringify(body),
      signal,
    });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Refusal("offline", "서버에 닿지 못했습니다. 적으신 글은 그대로 있습니다. 연결을 확인하고 다시 눌러 주세요.");
  }
  const said = await response.json().catch(() => ({}));
  if (response.ok) return said;
  const words = response.status === 401 ? "로그인이 끝났습니다. 새 창에서 로그인하신 뒤 다시 눌러 주세요. 적으신 글은 그대로 있습니다." : said.message;
  throw Object.assign(new Refusal(said.error, words ?? "처리하지 못했습니다. 다시 눌러 주세요."), { data: said });
}

export function tell(id, words) {
  const place = byId(id);
  place.textContent = words;
  place.hidden = !words;
}

// Runs a step with its button at rest; what the server refuses is said at `place`. Undefined when it was refused.
export async function during(button, place, work) {
  if (button.disabled) return undefined;
  button.disabled = true;
  document.body.classList.add("busy");
  tell(place, "");
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    tell(place, error.message);
    return undefined;
  } finally {
    button.disabled = false;
    document.body.classList.remove("busy");
  }
}

export function sure(words) {
  const dialog = byId("sure");
  byId("sure-words").textContent = words;
  dialog.returnValue = "no";
  dialog.showModal();
  return new Promise((done) => dialog.addEventListener("close", () => done(dialog.returnValue === "yes"), { once: true }));
}

export const entryLink = (id, words) => make("a", { href: `${root}/desk/knowledge/e/${encodeURIComponent(id)}` }, words || id);

// News for the page that comes next in this window.
export const news = {
  leave(words) {
    try {
      sessionStorage.setItem("sangdam.kb.news", words);
    } catch {
      // it is only a word
    }
  },
  show() {
    try {
      tell("news", sessionStorage.getItem("sangdam.kb.news") ?? "");
      sessionStorage.removeItem("sangdam.kb.news");
    } catch {
      // nothing was left
    }
  },
};
