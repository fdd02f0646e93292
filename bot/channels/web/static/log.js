// The conversation on the screen: logged messages by seq, and below them what is still on its way.

import { attachment, forgetFiles } from "./attachments.js";
import { ICONS, blocks, dayText, icon, make, timeText, words } from "./dom.js";
import { T } from "./texts.js";

// on: { press(button, seq), retry(item), discard(item), cite(source, link), file(id) -> promise of a blob }
export class Log {
  #list;
  #root;
  #on;
  #shown = new Map(); // seq -> element
  #pending = new Map(); // item -> element
  #last = null; // the last logged element
  #open = []; // elements whose buttons are not answered yet
  #buttons = new Map(); // data -> the button that was shown last

  constructor(list, root, on) {
    this.#list = list;
    this.#root = root;
    this.#on = on;
  }

  has(seq) {
    return this.#shown.has(seq);
  }

  // The element of a logged message.
  element(seq) {
    return this.#shown.get(seq);
  }

  clear() {
    this.#list.replaceChildren();
    forgetFiles();
    this.#shown.clear();
    this.#pending.clear();
    this.#last = null;
    this.#open = [];
    this.#buttons.clear();
  }

  remark(text) {
    this.#place(make("li", { class: "remark", textContent: text }));
  }

  // Show a logged message; one that was shown while it was sent takes its place. False when it is not to be seen.
  add(message) {
    if (message.kind === "start" || this.has(message.seq)) return false;
    const item = message.author === "customer" ? this.#match(message) : undefined;
    const element = item ? this.#pending.get(item) : make("li");
    if (item) {
      this.#pending.delete(item);
      item.seq = message.seq;
    }
    this.#fill(element, message);
    this.#shown.set(message.seq, element);
    this.#settle(element, message);
    return true;
  }

  // Whether a message of ours that is on its way could be this logged one, though its words differ (digits removed).
  couldBeOurs(message) {
    return message.author === "customer" && message.kind !== "start" && !this.#match(message) && this.#pending.size > 0;
  }

  // Show the state of what is being sent.
  sending(item) {
    if (item.label === null) return;
    if (item.seq && this.has(item.seq)) {
      if (this.#pending.get(item)) this.#pending.get(item).remove(); // the log had it first
      this.#pending.delete(item);
      return;
    }
    if (item.seq && !this.#pending.has(item)) return;
    const element = this.#pending.get(item) ?? make("li");
    if (!this.#pending.has(item)) {
      this.#pending.set(item, element);
      element.append(make("span", { class: "hidden", textContent: `${T.me}: ` }), this.#bubble({ author: "customer", text: item.label, attachments: item.files }), make("div", { class: "meta" }));
      this.#list.append(element);
    }
    element.className = `msg mine ${item.state}${item.body.button ? " pressed" : ""}`;
    element.lastChild.replaceChildren(...this.#stateWords(item));
  }

  #stateWords(item) {
    if (item.state === "sending") return [T.sending];
    if (item.state === "sent") return [T.sent];
    const again = make("button", { type: "button", textContent: T.again, onclick: () => this.#on.retry(item) });
    const discard = make("button", {
      type: "button",
      textContent: T.discard,
      onclick: () => {
        this.#pending.get(item)?.remove();
        this.#pending.delete(item);
        this.#on.discard(item);
      },
    });
    return [make("span", { textContent: item.why || T.failed }), item.final ? null : again, discard].filter(Boolean);
  }

  #match(message) {
    for (const item of this.#pending.keys()) {
      if (item.seq === message.seq) return item;
      if (item.seq) continue;
      if (item.body.files || message.attachments.length) {
        if (item.body.files?.[0].id === message.attachments[0]?.id) return item;
        continue;
      }
      if (item.body.button ? item.body.button === message.button : item.label === message.text) return item;
    }
    return undefined;
  }

  #fill(element, message) {
    const mine = message.author === "customer";
    const name = mine ? T.me : message.sender ? `${T[message.author]} ${message.sender}` : T[message.author];
    element.className = `msg ${mine ? "mine" : message.author}${message.button ? " pressed" : ""}${message.source ? " quote" : ""}`;
    element.message = message;
    element.replaceChildren();
    if (!mine) element.append(this.#face(message.author));
    element.append(mine ? make("span", { class: "hidden", textContent: `${name}: ` }) : make("div", { class: "name", textContent: name }));
    element.append(this.#bubble(message));
    if (message.buttons.length) element.append(this.#choices(message));
    const at = new Date(message.at);
    element.append(make("div", { class: "meta" }, make("time", { dateTime: message.at, textContent: timeText(at) })));
  }

  #face(author) {
    if (author === "agent") return make("span", { class: "face" }, icon(ICONS.person));
    return make("img", { class: "face", src: `${this.#root}/static/mark.svg`, alt: "" });
  }

  #bubble(message) {
    const text = message.text || (message.button ? T.pressed : "");
    const bubble = make("div", { class: "bubble" });
    if (message.source) bubble.append(make("blockquote", { class: "words" }, ...blocks(text)), this.#cite(message.source));
    else if (message.author === "customer" && text) bubble.append(make("p", { textContent: text })); // as they wrote it
    else bubble.append(...blocks(text));
    for (const file of message.attachments ?? []) bubble.append(attachment(file, this.#on.file));
    return bubble;
  }

  #cite(source) {
    const link = make("a", { class: "cite", href: `${this.#root}/${source.href}`, target: "_blank", rel: "noopener" });
    link.append(icon(ICONS.clause), make("span", {}, ...words(source.label)));
    link.addEventListener("click", (event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
      event.preventDefault();
      this.#on.cite(source, link);
    });
    return link;
  }

  #choices(message) {
    const rows = message.buttons.map((row) =>
      make(
        "div",
        {},
        ...row.map((button) => {
          const element = make("button", { type: "button", class: button.quiet ? "quiet" : "", textContent: button.label, onclick: () => this.#on.press(button, message.seq) });
          this.#buttons.set(button.data, element);
          return element;
        }),
      ),
    );
    return make("div", { class: "choices", role: "group" }, ...rows);
  }

  #settle(element, message) {
    const before = this.#last?.message;
    const sameDay = before && dayText(new Date(before.at)) === dayText(new Date(message.at));
    if (!sameDay) this.#place(make("li", { class: "day", textContent: dayText(new Date(message.at)) }));
    const close = sameDay && timeText(new Date(before.at)) === timeText(new Date(message.at));
    if (close && before.author === message.author) {
      element.classList.add("joined");
      element.querySelector(".name")?.classList.add("hidden");
      this.#last.querySelector(".meta time")?.remove();
    }
    this.#place(element);
    this.#last = element;
    if (message.author === "customer") this.#answered(message);
    else if (message.buttons.length) this.#open.push(element);
  }

  // Above what is still on its way.
  #place(element) {
    const next = [...this.#pending.values()].find((other) => other !== element) ?? null;
    // An element that stands right is left alone, or a screen reader would read it again.
    if (element.isConnected && element.nextElementSibling === next) return;
    this.#list.insertBefore(element, next);
  }

  // Earlier buttons look used; they still work, the bot answers those of an earlier step.
  #answered(message) {
    for (const element of this.#open.splice(0)) element.classList.add("old");
    const pressed = this.#buttons.get(message.button);
    if (!pressed) return;
    pressed.closest(".choices").querySelector(".chosen")?.classList.remove("chosen");
    pressed.classList.add("chosen");
  }
}
