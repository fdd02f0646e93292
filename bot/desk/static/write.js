// What this person may do now: the buttons above, the box below. A draft stays in this window until it is sent.

import { byId, dayOf, timeOf } from "./dom.js";
import { openDialogs } from "./moving.js";
import { newId, Refusal, step } from "./steps.js";

const FOUND = { rrn: "주민등록번호", card: "카드번호" };
const OWNERS = { bot: "챗봇이 응대하고 있습니다", queue: "상담원을 기다리고 있습니다" };

export class Write {
  #conversation;
  #form = byId("write");
  #text = byId("text");
  #send = byId("send");
  #told = byId("told");
  #may = [];
  #busy = false;
  #unsent = null; // {key, id}: the same words keep their id, also over a reload
  #draft;

  constructor(conversation) {
    this.#conversation = conversation;
    this.#draft = `sangdam.draft.${conversation}`;
    const kept = JSON.parse(read(this.#draft) ?? "null");
    if (kept) {
      this.#text.value = kept.text;
      this.#unsent = kept.unsent;
      this.#pick(kept.mode);
    }
    this.#form.addEventListener("submit", (event) => (event.preventDefault(), this.#submit()));
    this.#form.addEventListener("change", () => this.#dress());
    this.#text.addEventListener("input", () => (this.#keep(), this.#dress()));
    this.#text.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && !event.isComposing) {
        event.preventDefault();
        this.#submit();
      }
    });
    for (const button of byId("acts").querySelectorAll("button[data-kind]")) button.addEventListener("click", () => this.#act(button));
    openDialogs((body) => this.#take({ id: newId(), ...body }));
  }

  // The state as the server has it.
  state(state) {
    const had = this.#may.includes("answer");
    this.#may = state.may;
    for (const button of byId("acts").querySelectorAll("button")) button.hidden = !this.#may.includes(button.dataset.kind ?? button.dataset.opens);
    this.#form.hidden = !this.#may.includes("answer") && !this.#may.includes("note");
    const answer = this.#form.querySelector('[value="answer"]');
    answer.disabled = !this.#may.includes("answer");
    if (answer.disabled && this.#mode === "answer" && !this.#text.value) this.#pick("note");
    if (!this.#mode || (!had && !answer.disabled && !this.#text.value)) this.#pick(answer.disabled ? "note" : "answer");
    const who = state.mine ? "내가 상담하고 있습니다" : state.owner === "agent" ? `${state.alias} 상담원이 상담하고 있습니다` : OWNERS[state.owner];
    const parts = [who, state.number && `접수번호 ${state.number}`, state.owner === "queue" && state.reason, state.snoozed && `${dayOf(state.snoozed)} ${timeOf(state.snoozed)}에 다시 보기`, state.blocked && "고객이 대화를 차단했습니다"];
    byId("state").textContent = parts.filter(Boolean).join(" · ");
    const cases = byId("cases");
    const open = state.cases.filter((one) => one.number !== state.number);
    cases.hidden = !open.length;
    cases.replaceChildren(...open.map((one) => Object.assign(document.createElement("li"), { textContent: `${one.kind} ${one.number}` })));
    this.#dress();
  }

  get #mode() {
    return this.#form.querySelector("[name=mode]:checked")?.value;
  }

  #pick(mode) {
    const radio = this.#form.querySelector(`[value="${mode === "note" ? "note" : "answer"}"]`);
    if (radio) radio.checked = true;
  }

  #dress() {
    const note = this.#mode === "note";
    this.#form.classList.toggle("as-note", note);
    byId("text-label").textContent = note ? "내부 메모" : "고객에게 보낼 답변";
    this.#text.placeholder = note ? "상담원끼리만 보는 메모입니다" : "고객에게 보낼 답변을 적어 주세요";
    this.#send.textContent = note ? "메모 남기기" : "보내기";
    this.#send.disabled = this.#busy || !this.#text.value.trim();
    const full = this.#text.value.length > 4000;
    byId("keys").textContent = full ? `${this.#text.value.length.toLocaleString()}자입니다. 4,000자 이내로 줄여 주세요.` : "Ctrl+Enter로 보냅니다.";
  }

  async #submit() {
    const text = this.#text.value;
    if (this.#busy || !text.trim()) return;
    const kind = this.#mode;
    const key = `${kind}\n${text}`;
    if (this.#unsent?.key !== key) this.#unsent = { key, id: newId() };
    this.#keep();
    const done = await this.#take({ id: this.#unsent.id, kind, text });
    if (!done) return;
    this.#text.value = "";
    this.#unsent = null;
    this.#keep();
    const found = done.redacted.map((one) => FOUND[one]).join(", ");
    if (found) this.#tell(`${found}로 보이는 숫자는 저장하지 않고 지웠습니다.`);
    this.#dress();
    this.#text.focus();
  }

  async #act(button) {
    if (this.#busy) return;
    if (button.dataset.kind !== "take" && this.#text.value.trim() && this.#mode === "answer") {
      this.#tell("아직 보내지 않은 답변이 있습니다. 보내거나 지운 뒤 다시 눌러 주세요.");
      this.#text.focus();
      return;
    }
    const done = await this.#take({ id: newId(), kind: button.dataset.kind });
    if (done && button.dataset.kind === "take") setTimeout(() => this.#text.focus(), 300);
  }

  async #take(body) {
    this.#busy = true;
    this.#tell("");
    document.body.classList.add("busy");
    this.#dress();
    try {
      const done = await step(this.#conversation, body, (words) => this.#tell(words));
      this.#tell("");
      return done;
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      this.#tell(error.message);
      return null;
    } finally {
      this.#busy = false;
      document.body.classList.remove("busy");
      this.#dress();
    }
  }

  #tell(words) {
    this.#told.textContent = words;
    this.#told.hidden = !words;
  }

  #keep() {
    const text = this.#text.value;
    write(this.#draft, text ? JSON.stringify({ text, mode: this.#mode, unsent: this.#unsent }) : null);
  }
}

// Session storage goes with the window; where it is closed to us the draft lasts as long as the page.
function read(key) {
  try {
    return sessionStorage.getItem(key);
  } catch {
    return null;
  }
}

function write(key, value) {
  try {
    if (value === null) sessionStorage.removeItem(key);
    else sessionStorage.setItem(key, value);
  } catch {
    // nothing to do
  }
}
