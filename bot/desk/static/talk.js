// The transcript: messages by seq, notes after the message they were written after.

import { byId, dayOf, make, root, sizeOf, timeOf } from "./dom.js";

const KINDS = { start: "고객이 대화를 열었습니다.", blocked: "고객이 대화를 차단했습니다.", unblocked: "고객이 차단을 풀었습니다." };
const FILES = { photo: "사진", document: "파일", voice: "음성", video: "동영상", video_note: "동영상", audio: "음성", animation: "움직이는 사진", sticker: "스티커", location: "위치", contact: "연락처" };
const RECEIPTS = { pending: "아직 전달되지 않음", sent: "전달됨", failed: "전달하지 못했습니다" };

export class Talk {
  seq = 0;
  note = 0;
  #log = byId("log");
  #scroll = byId("scroll");
  #live = false;

  message(message) {
    if (message.seq <= this.seq) return;
    this.seq = message.seq;
    this.#put(KINDS[message.kind] ? this.#remark(message) : this.#said(message), message.seq, 0, message.at);
  }

  addNote(note) {
    if (note.id <= this.note) return;
    this.note = note.id;
    const item = make(
      "li",
      { class: "msg note" },
      make("p", { class: "name" }, `내부 메모 · ${note.sender}`),
      make("p", { class: "text" }, note.text),
      make("p", { class: "meta" }, make("time", { datetime: note.at }, timeOf(note.at)), " · 고객에게 보이지 않습니다"),
    );
    this.#put(item, note.after, note.id, note.at);
  }

  receipt({ seq, delivery }) {
    const place = this.#log.querySelector(`[data-seq="${seq}"] .receipt`);
    if (place) this.#mark(place, delivery);
  }

  // All that there was is shown: from now on new messages are spoken.
  ready() {
    if (this.#live) return;
    this.#live = true;
    byId("loading").hidden = true;
    this.#log.setAttribute("aria-live", "polite");
    this.#scroll.scrollTop = this.#scroll.scrollHeight;
  }

  hide(words) {
    this.#log.replaceChildren();
    byId("loading").hidden = false;
    byId("loading").textContent = words;
    this.seq = this.note = 0;
    this.#live = false;
  }

  #put(item, seq, note, at) {
    const end = this.#scroll.scrollHeight - this.#scroll.scrollTop - this.#scroll.clientHeight < 80;
    item.dataset.seq = seq;
    item.dataset.note = note;
    item.dataset.day = dayOf(at);
    const later = [...this.#log.querySelectorAll("[data-seq]")].find(
      (other) => Number(other.dataset.seq) > seq || (Number(other.dataset.seq) === seq && Number(other.dataset.note) > note),
    );
    this.#log.insertBefore(item, later ?? null);
    const before = item.previousElementSibling;
    if (!before || before.dataset.day !== item.dataset.day) item.before(make("li", { class: "day", "data-day": item.dataset.day }, item.dataset.day));
    if (end && this.#live) this.#scroll.scrollTop = this.#scroll.scrollHeight;
  }

  #remark(message) {
    return make("li", { class: "remark" }, `${KINDS[message.kind]} ${timeOf(message.at)}`);
  }

  #said(message) {
    const who = { customer: "고객", bot: "챗봇", agent: message.sender ? `상담원 ${message.sender}` : "상담원" }[message.author];
    const button = message.kind === "button";
    const item = make("li", { class: `msg ${message.author}` }, make("p", { class: "name" }, message.kind === "edit" ? `${who} · 고친 글` : who));
    if (message.text) item.append(make("p", { class: "text" }, button ? `‘${message.text}’ 누름` : message.text));
    for (const file of message.attachments) item.append(this.#file(file));
    if (message.source) {
      item.append(make("p", { class: "cite" }, make("a", { href: root + message.source.href, target: "_blank", rel: "noopener" }, message.source.label)));
    }
    if (message.buttons.length) item.append(make("p", { class: "offered" }, ...message.buttons.map((label) => make("span", {}, label))));
    const meta = make("p", { class: "meta" }, make("time", { datetime: message.at }, timeOf(message.at)));
    if (message.author === "agent") {
      const receipt = make("span", { class: "receipt" });
      this.#mark(receipt, message.delivery);
      meta.append(receipt);
    }
    item.append(meta);
    return item;
  }

  #file(file) {
    const size = file.size ? ` (${sizeOf(file.size)})` : "";
    const name = file.href ? make("a", { href: root + file.href, target: "_blank", rel: "noopener", "aria-label": `${file.name}${size} 열기` }, file.name) : file.name;
    return make("p", { class: "file" }, `[${FILES[file.kind] ?? "파일"}] `, name, size);
  }

  #mark(place, delivery) {
    place.textContent = RECEIPTS[delivery] ?? "";
    place.dataset.delivery = delivery;
  }
}
