// The files that go with the next message: picked, pasted or dropped, uploaded at once, taken out again.

import { kept } from "./around.js";
import { sizeText } from "./attachments.js";
import { make } from "./dom.js";
import { Refusal, read, write } from "./session.js";
import { T } from "./texts.js";
import { upload } from "./upload.js";

const MOST = 5;
const MOST_BYTES = 5 * 1024 * 1024; // the server's own limit
const KEY = kept("sangdam.files");
const store = () => sessionStorage;

// on: { changed(), refused(refusal) when the session is gone, before() -> a promise to wait for before an upload }
// An item is { name, size, type, file, id, state: "waiting" | "uploading" | "ready" | "failed", why, final }.
export class Files {
  #session;
  #on;
  #list;
  #said;
  #button;
  #items = [];
  #running = false;

  constructor(session, form, on) {
    this.#session = session;
    this.#on = on;
    this.#list = form.querySelector(".files");
    this.#said = form.querySelector(".files-said");
    this.#button = form.querySelector(".attach");
    const input = form.querySelector("input[type=file]");
    this.#button.addEventListener("click", () => input.click());
    input.addEventListener("change", () => {
      this.add(input.files);
      input.value = ""; // the same file may be picked again
    });
    form.querySelector("textarea").addEventListener("paste", (event) => {
      if (!event.clipboardData.files.length || event.clipboardData.types.includes("text/plain")) return;
      event.preventDefault();
      this.add(event.clipboardData.files);
    });
    this.#takeDrops();
    // What an earlier load of this page had uploaded and not sent.
    for (const item of JSON.parse(read(KEY, store) ?? "[]")) this.#put({ ...item, state: "ready" });
  }

  // Uploads under way: a message that went now would go without them.
  get busy() {
    return this.#items.some((item) => ["waiting", "uploading"].includes(item.state));
  }

  get ready() {
    return this.#items.some((item) => item.state === "ready");
  }

  add(files) {
    for (const file of files) {
      if (this.#items.length === MOST) {
        this.say(T.tooManyFiles);
        break;
      }
      const why = file.size > MOST_BYTES ? T.fileTooBig : file.size ? "" : T.fileEmpty;
      const state = why ? "failed" : "waiting";
      this.#put({ name: file.name || T.file, size: file.size, type: file.type, file, state, why, final: Boolean(why) });
      this.say(why ? `${file.name}: ${why}` : T.fileAdded(file.name));
    }
    this.#run();
  }

  // What is ready, for a message; it leaves the composer.
  take() {
    const taken = this.#items.filter((item) => item.state === "ready");
    for (const item of taken) this.#drop(item);
    this.say("");
    return taken.map(({ id, name, size, type }) => ({ id, name, size, type }));
  }

  // The connection is back: what failed for want of it goes again.
  retryAll() {
    for (const item of this.#items) if (item.state === "failed" && !item.final) this.#change(item, { state: "waiting" });
    this.#run();
  }

  // Another session has begun, which knows none of them.
  anew() {
    for (const item of this.#items) {
      if (item.file && !item.final) this.#change(item, { state: "failed", why: T.fileLost });
      else if (!item.file) this.#change(item, { state: "failed", why: T.fileGone, final: true });
    }
  }

  say(words) {
    this.#said.textContent = words;
  }

  #put(item) {
    item.element = make("li");
    this.#list.append(item.element);
    this.#items.push(item);
    this.#change(item, {});
  }

  async #run() {
    if (this.#running) return;
    this.#running = true;
    for (let item; (item = this.#items.find((other) => other.state === "waiting")); ) await this.#upload(item);
    this.#running = false;
  }

  async #upload(item) {
    item.abort = new AbortController();
    this.#change(item, { state: "uploading", why: "", part: 0 });
    try {
      await this.#on.before();
      const progress = (part) => {
        item.part = part;
        const bar = item.element.querySelector("progress");
        if (bar) bar.value = part;
      };
      const { id, type } = await upload(this.#session, item.file, progress, item.abort.signal);
      if (!this.#items.includes(item)) this.#forget(id);
      else if (item.state === "uploading") this.#change(item, { state: "ready", id, type });
    } catch (error) {
      if (!this.#items.includes(item)) return;
      const known = error instanceof Refusal;
      const why = known && error.message ? error.message : T.fileLost;
      this.#change(item, { state: "failed", why, final: known && [400, 413, 415].includes(error.status) });
      this.say(`${item.name}: ${why}`);
      if (known && [401, 410].includes(error.status)) this.#on.refused(error);
    }
  }

  #out(item) {
    this.#drop(item);
    item.abort?.abort();
    if (item.state === "ready") this.#forget(item.id);
    this.say(T.fileOut(item.name));
    this.#button.focus();
  }

  #forget(id) {
    this.#session.fetch(`chat/files/${id}`, { method: "DELETE" }).catch(() => {}); // the server forgets it by itself
  }

  #drop(item) {
    this.#items = this.#items.filter((other) => other !== item);
    item.element.remove();
    this.#keep();
  }

  #change(item, changes) {
    Object.assign(item, changes);
    const name = make("span", { class: "name", textContent: item.name });
    const size = make("span", { class: "size", textContent: sizeText(item.size) });
    const again = make("button", { type: "button", textContent: T.tryAgain, "aria-label": `${item.name} ${T.tryAgain}` });
    again.addEventListener("click", () => {
      this.#change(item, { state: "waiting" });
      this.#run();
    });
    const out = make("button", { type: "button", class: "out", textContent: "✕", title: T.takeOut, "aria-label": `${item.name} ${T.takeOut}` });
    out.addEventListener("click", () => this.#out(item));
    const focused = item.element.contains(document.activeElement);
    item.element.className = item.state;
    item.element.replaceChildren(
      ...[
        name,
        size,
        item.state === "failed" ? make("span", { class: "why", textContent: item.why }) : null,
        item.state === "failed" && !item.final ? again : null,
        ["waiting", "uploading"].includes(item.state) ? make("progress", { max: 1, value: item.part ?? 0, "aria-label": T.uploading(item.name) }) : null,
        out,
      ].filter(Boolean),
    );
    if (focused) out.focus(); // a keyboard's place is not lost when the state changes
    this.#keep();
  }

  #keep() {
    const ready = this.#items.filter((item) => item.state === "ready");
    write(KEY, ready.length ? JSON.stringify(ready.map(({ id, name, size, type }) => ({ id, name, size, type }))) : null, store);
    this.#list.hidden = !this.#items.length;
    this.#on.changed();
  }

  // Anywhere on the page: a browser would open a file that misses its place, and the chat would be gone.
  #takeDrops() {
    const carries = (event) => event.dataTransfer?.types.includes("Files");
    const over = (on) => document.body.classList.toggle("dropping", on);
    addEventListener("dragover", (event) => {
      if (!carries(event)) return;
      event.preventDefault();
      event.dataTransfer.dropEffect = "copy";
      over(true);
    });
    addEventListener("dragleave", (event) => event.relatedTarget === null && over(false));
    addEventListener("drop", (event) => {
      over(false);
      if (!carries(event)) return;
      event.preventDefault();
      this.add(event.dataTransfer.files);
    });
  }
}
