// The customer's session: a bearer token, kept by this browser and sent only in a header.

import { owner } from "./around.js";

const KEY = "sangdam.token";
const LOCK = "sangdam.session";

export class Refusal extends Error {
  constructor(status, code, message, retryAfter, token) {
    super(message);
    Object.assign(this, { status, code, retryAfter, token });
  }
}

export class Session {
  #root;
  #token = null; // where storage is closed to us the conversation lasts as long as the page

  // changed() is called when another window of this browser has begun another session, which is ours from then on.
  constructor(root, changed) {
    this.#root = root;
    if (owner.account) return; // a visitor's token is never kept: whoever comes next must not find it
    addEventListener("storage", (event) => {
      if (event.key !== KEY) return;
      // Two windows that wrote at once hear of each other's token; a moment later both read the one that stayed.
      setTimeout(() => {
        const token = read(KEY);
        if (!token || !this.#token || token === this.#token) return;
        this.#token = token;
        changed();
      }, 100);
    });
  }

  // A short name of the session, to tell what is kept of it from what is kept of another.
  get name() {
    return owner.account || (this.#token?.slice(0, 8) ?? "");
  }

  // A fetch in this session; opens one when there is none. Throws Refusal for an answer that is not 2xx, and
  // TypeError when the server could not be reached.
  async fetch(path, options = {}) {
    const token = await this.#open();
    const headers = { ...options.headers, Authorization: `Bearer ${token}` };
    return checked(await fetch(`${this.#root}/${path}`, { ...options, headers, cache: "no-store" }), token);
  }

  post(path, body, options = {}) {
    const headers = { "Content-Type": "application/json" };
    return this.fetch(path, { method: "POST", headers, body: JSON.stringify(body), ...options });
  }

  // Where and as whom to ask, for a request that fetch cannot make.
  async ticket(path) {
    return { token: await this.#open(), url: `${this.#root}/${path}` };
  }

  // Forget the session whose token was refused. False when it was forgotten before: a late answer ends no new session.
  drop(token) {
    if (token !== this.token) return false;
    if (read(KEY) === token) write(KEY, null);
    this.#token = null;
    return true;
  }

  get token() {
    return owner.token ?? this.#token;
  }

  async #open() {
    if (this.token) return this.token;
    const ask = async () => {
      this.#token = read(KEY);
      if (!this.#token) {
        const response = await checked(await fetch(`${this.#root}/chat/session`, { method: "POST", cache: "no-store" }));
        this.#token = (await response.json()).token;
        write(KEY, this.#token);
      }
      return this.#token;
    };
    // Windows that open at once share one session; where one does not see the other's in time, `changed` mends it.
    try {
      return await (navigator.locks ? navigator.locks.request(LOCK, ask) : ask());
    } catch (error) {
      if (error.name !== "SecurityError") throw error;
      return ask(); // a browser that closes storage to a frame closes its locks too
    }
  }
}

async function checked(response, token = null) {
  if (response.ok) return response;
  const said = await response.json().catch(() => ({}));
  const wait = Number(response.headers.get("Retry-After")) || 0;
  throw new Refusal(response.status, said.error ?? "", said.message ?? "", wait, token);
}

export function read(key, store = () => localStorage) {
  try {
    return store().getItem(key);
  } catch {
    return null;
  }
}

export function write(key, value, store = () => localStorage) {
  try {
    if (value === null) store().removeItem(key);
    else store().setItem(key, value);
  } catch {
    // Storage is closed or full; the page works without it.
  }
}

// crypto.randomUUID is missing where a page is not served securely.
export function newId() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
