// What the customer sends: shown at once, sent in order, and sent again under the same id until the server has it.

import { kept } from "./around.js";
import { Refusal, newId, read, write } from "./session.js";

const KEY = kept("sangdam.unsent");
const store = () => sessionStorage;
const PAUSES = [700, 2500]; // before the tries that are made without asking
const START = "start"; // one id for every window, so that a session starts once

// on: { state(item) when an item's state changed, refused(refusal) when the session is gone }
// An item is { id, body, label, files, state: "sending" | "sent" | "failed", seq, why, final }.
export class Outbox {
  #session;
  #on;
  #queue = [];
  #running = false;
  #settled = Promise.resolve();

  constructor(session, on) {
    this.#session = session;
    this.#on = on;
  }

  // Nothing was sent since the page was loaded.
  untouched = true;

  // What an earlier load of this page could not send.
  restore() {
    const kept = JSON.parse(read(KEY, store) ?? "[]");
    return kept.map((item) => this.#put({ ...item, state: "sending" }));
  }

  start() {
    this.#put({ id: START, body: { start: true }, label: null, state: "sending" });
  }

  text(text) {
    return this.#put({ id: newId(), body: { text }, label: text, state: "sending" });
  }

  // files: uploads of this session, { id, name, size, type }
  withFiles(text, files) {
    const body = { text, files: files.map(({ id, name }) => ({ id, name })) };
    return this.#put({ id: newId(), body, label: text, files, state: "sending" });
  }

  button(data, label, ref) {
    const body = ref ? { button: data, ref } : { button: data };
    return this.#put({ id: newId(), body, label, state: "sending" });
  }

  retry(item) {
    this.#change(item, { state: "sending", why: "", tries: 0 });
    this.#run();
  }

  discard(item) {
    this.#queue = this.#queue.filter((other) => other !== item);
    this.#keep();
  }

  // The connection is back: what failed for want of it goes again.
  retryAll() {
    for (const item of this.#queue) if (item.state === "failed" && !item.final) this.retry(item);
  }

  // Whether a message is on its way, whose seq is not known yet.
  get busy() {
    return this.#running;
  }

  // When nothing is on its way any more.
  get settled() {
    return this.#settled;
  }

  #put(item) {
    this.untouched = false;
    this.#queue.push(item);
    this.#keep();
    this.#run();
    return item;
  }

  #run() {
    if (this.#running) return;
    this.#running = true;
    this.#settled = this.#drain().finally(() => (this.#running = false));
  }

  async #drain() {
    await null; // the caller shows its item first
    for (let item; (item = this.#queue.find((other) => other.state === "sending")); ) {
      try {
        const response = await this.#session.post("chat/messages", { id: item.id, ...item.body });
        this.#queue = this.#queue.filter((other) => other !== item);
        this.#change(item, { state: "sent", seq: (await response.json()).seq });
      } catch (error) {
        const known = error instanceof Refusal;
        const pause = PAUSES[item.tries ?? 0];
        if (pause && navigator.onLine && (!known || error.status === 503)) {
          item.tries = (item.tries ?? 0) + 1;
          await new Promise((resume) => setTimeout(resume, pause));
          continue;
        }
        const over = known && [400, 404, 413].includes(error.status);
        this.#change(item, { state: "failed", why: known ? error.message : "", final: over });
        if (known && [401, 410].includes(error.status)) this.#on.refused(error);
      }
    }
  }

  #change(item, changes) {
    Object.assign(item, changes);
    this.#keep();
    this.#on.state(item);
  }

  #keep() {
    const kept = this.#queue.filter((item) => item.label !== null).map(({ id, body, label, files }) => ({ id, body, label, files }));
    write(KEY, kept.length ? JSON.stringify(kept) : null, store);
  }
}
