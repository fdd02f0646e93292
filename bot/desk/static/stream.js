// The page's stream. It is opened anew whenever it breaks, and what has changed meanwhile is sent again.

import { byId, root } from "./dom.js";

const NAMES = ["board", "state", "brief", "message", "note", "receipt", "hidden", "gone", "ended", "ready"];
const SILENCE = 20_000; // the server says something every 5 s

export class Stream {
  #query;
  #on;
  #source = null;
  #tries = 0;
  #watch = 0;
  #wait = 0;

  // query(): what follows the ? ; on(name, data)
  constructor(query, on) {
    this.#query = query;
    this.#on = on;
    addEventListener("online", () => this.connect());
    addEventListener("pageshow", (event) => event.persisted && this.connect());
    document.addEventListener("visibilitychange", () => !document.hidden && !this.#source && this.connect());
  }

  connect() {
    this.#close();
    const source = (this.#source = new EventSource(`${root}/desk/stream?${this.#query()}`));
    for (const name of NAMES) source.addEventListener(name, (event) => this.#heard(name, event));
    source.onopen = () => this.#beat();
    source.onerror = () => source === this.#source && this.#lost();
    this.#beat();
  }

  #heard(name, event) {
    this.#beat();
    if (name === "ready") {
      this.#tries = 0;
      banner("");
    }
    if (name === "ended") return leave();
    this.#on(name, JSON.parse(event.data));
  }

  #beat() {
    clearTimeout(this.#watch);
    this.#watch = setTimeout(() => this.#lost(), SILENCE * 2);
  }

  async #lost() {
    this.#close();
    if (this.#tries++ > 0) banner("연결이 끊겼습니다. 다시 연결하고 있습니다. 적으신 글은 그대로 있습니다.");
    const pause = Math.min(10_000, 300 * 2 ** this.#tries) * (1 + Math.random() * 0.3);
    this.#wait = setTimeout(() => this.#again(), pause);
  }

  // An EventSource does not say why it failed: a plain request does.
  async #again() {
    try {
      const abort = new AbortController();
      const response = await fetch(`${root}/desk/stream?${this.#query()}`, { signal: abort.signal, cache: "no-store" });
      if (response.status === 401) return leave();
      const said = response.ok ? null : await response.json().catch(() => null);
      abort.abort();
      if (said && response.status < 500 && response.status !== 429) return banner(said.message);
    } catch {
      return this.#lost();
    }
    this.connect();
  }

  #close() {
    clearTimeout(this.#watch);
    clearTimeout(this.#wait);
    this.#source?.close();
    this.#source = null;
  }
}

export function leave() {
  const back = location.pathname.slice(root.length);
  location.assign(`${root}/desk/login?next=${encodeURIComponent(back)}`);
}

export function banner(words) {
  const place = byId("banner");
  place.textContent = words;
  place.hidden = !words;
}
