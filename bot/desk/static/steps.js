// Taking a step: it is sent again with the same id until the server has answered, so that it is taken once.

import { root } from "./dom.js";
import { leave } from "./stream.js";

const PAUSES = [500, 1000, 2000, 4000, 8000];

export class Refusal extends Error {
  constructor(code, message) {
    super(message);
    this.code = code;
  }
}

export const newId = () => crypto.randomUUID?.() ?? Array.from(crypto.getRandomValues(new Uint8Array(16)), (n) => n.toString(16).padStart(2, "0")).join("");

// One request that is not repeated: what the server says, or a message why not.
export async function post(path, body) {
  try {
    const response = await fetch(root + path, {
      method: "POST",
      headers: { "Content-Type": "application/json", "X-Desk-Token": document.body.dataset.proof },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(20_000),
    });
    if (response.status === 401) leave();
    return await response.json();
  } catch {
    return { error: "unreachable", message: "연결되지 않았습니다. 잠시 뒤에 다시 해 주세요." };
  }
}

// waiting(words): called while the server cannot be reached. Throws Refusal when the server says no.
export async function step(conversation, body, waiting) {
  for (let tries = 0; ; tries += 1) {
    let pause = PAUSES[Math.min(tries, PAUSES.length - 1)];
    try {
      const response = await fetch(`${root}/desk/c/${conversation}/steps`, {
        method: "POST",
        headers: { "Content-Type": "application/json", "X-Desk-Token": document.body.dataset.proof },
        body: JSON.stringify(body),
        signal: AbortSignal.timeout(20_000),
      });
      if (response.ok) return await response.json();
      if (response.status === 401) {
        leave();
        throw new Refusal("signed_out", "로그인이 끝났습니다. 적으신 글은 다시 로그인하시면 그대로 있습니다.");
      }
      const said = await response.json().catch(() => ({}));
      if (response.status !== 503 && response.status !== 429) throw new Refusal(said.error, said.message ?? "처리하지 못했습니다.");
      pause = Math.max(pause, 1000 * (Number(response.headers.get("Retry-After")) || 0));
    } catch (error) {
      if (error instanceof Refusal) throw error;
    }
    waiting("아직 보내지 못했습니다. 연결되는 대로 다시 보냅니다. 적으신 글은 그대로 있습니다.");
    await new Promise((done) => {
      const timer = setTimeout(done, pause);
      addEventListener("online", () => (clearTimeout(timer), done()), { once: true });
    });
  }
}
