// One entry: the form or its Markdown, how it looks, what it answers, saving it without losing anybody's words.

import { byId, make, root } from "./dom.js";
import { ask, DECISIONS, during, entryLink, news, Refusal, sure, tell } from "./knowledge.js";
import { Kept, lasting, ofThisWindow } from "./knowledge_kept.js";

const PAUSE = 400; // ms without a key before the preview follows
const editor = byId("editor");
const entry = editor.dataset.entry || null;
const inputs = [...document.querySelectorAll("[data-field]")];
const gap = location.hash === "#gap" ? new Kept("gap", ofThisWindow).read() : null; // questions for a new entry
const kept = new Kept(entry ?? (gap ? "new-from-gap" : "new"), gap ? ofThisWindow : lasting);
let etag = editor.dataset.etag;
let raw = false;
let theirs = null;
let asking = null;
let timer = 0;

const fields = () => Object.fromEntries(inputs.map((input) => [input.dataset.field, input.value]));
const content = () => (raw ? { text: byId("f-text").value } : { fields: fields() });
const put = (values) => inputs.forEach((input) => (input.value = values[input.dataset.field] ?? ""));
let saved = JSON.stringify(content());

news.show();
if (editor.tagName === "FORM") begin();
byId("revert")?.addEventListener("click", revert);

function begin() {
  const before = kept.read();
  if (gap) {
    if (!before) put(gap.fields);
    tell("news", `고객의 물음 ${gap.keys.length}개에 답할 새 항목입니다. 고객이 적은 말에 이름이나 연락처가 없는지 확인해 주세요.`);
  }
  if (before && JSON.stringify(before.content) !== saved) {
    restore(before);
    byId("kept").textContent = "저장하지 않은 글을 다시 불러왔습니다. ";
    byId("kept").append(make("button", { type: "button", class: "quiet plain", id: "drop" }, "버리고 저장된 글 보기"));
    byId("drop").addEventListener("click", () => (kept.write(null), location.reload()));
  }
  editor.addEventListener("input", changed);
  for (const choice of editor.elements.mode) choice.addEventListener("change", () => turn(choice.value === "raw"));
  editor.addEventListener("submit", (event) => (event.preventDefault(), save()));
  editor.addEventListener("keydown", (event) => {
    if (event.key === "s" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      save();
    }
  });
  byId("remove")?.addEventListener("click", remove);
  byId("try").addEventListener("submit", (event) => (event.preventDefault(), tryIt()));
  byId("keep-mine").addEventListener("click", () => {
    etag = theirs.etag;
    save();
  });
  byId("take-theirs").addEventListener("click", () => {
    kept.write(null);
    location.reload();
  });
  addEventListener("beforeunload", (event) => !kept.read() && dirty() && event.preventDefault());
  preview();
}

const dirty = () => JSON.stringify(content()) !== saved;

function restore(before) {
  etag = before.etag;
  if (before.content.fields) return put(before.content.fields);
  byId("f-text").value = before.content.text;
  show(true);
}

function show(asRaw) {
  raw = asRaw;
  byId("form").hidden = raw;
  byId("raw").hidden = !raw;
  for (const choice of editor.elements.mode) choice.checked = (choice.value === "raw") === raw;
}

// The other way of writing; a text that cannot be read stays where it can be mended.
async function turn(toRaw) {
  try {
    const said = await ask("preview", content());
    if (toRaw) byId("f-text").value = said.text;
    else put(said.fields);
    show(toRaw);
    wrong(null);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    show(!toRaw);
    wrong(error);
  }
}

function changed() {
  const stored = dirty() ? kept.write({ content: content(), etag }) : kept.write(null);
  byId("kept").textContent = !dirty() ? "" : stored ? "저장하지 않은 글은 이 브라우저에 남아 있습니다." : "저장하지 않은 글이 있습니다.";
  clearTimeout(timer);
  timer = setTimeout(preview, PAUSE);
}

async function preview() {
  asking?.abort();
  asking = new AbortController();
  try {
    const said = await ask("preview", content(), asking.signal);
    draw(said.message);
    tell("preview-wrong", "");
  } catch (error) {
    if (error.name === "AbortError") return;
    tell("preview-wrong", error.message);
  }
}

function draw(message) {
  byId("preview").replaceChildren(
    make("p", { class: "text" }, message.text),
    message.source ? make("p", { class: "cite" }, message.source) : "",
    make("p", { class: "offered" }, ...message.buttons.map((label) => make("span", {}, label))),
  );
}

async function save() {
  const sent = content();
  const button = byId("save");
  await during(button, "wrong", async () => {
    try {
      const done = await (gap ? ask("gaps/draft", { keys: gap.keys, ...sent }) : ask("save", { entry, etag, ...sent }));
      saved = JSON.stringify(sent);
      if (JSON.stringify(content()) === saved) kept.write(null);
      if (gap) new Kept("gap", ofThisWindow).write(null);
      news.leave("저장했습니다. 게시하면 고객에게 보입니다.");
      if (JSON.stringify(content()) === saved) location.assign(`${root}/desk/knowledge/e/${encodeURIComponent(done.id)}`);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      if (error.code === "changed") conflict(error.data, sent);
      else wrong(error);
    }
  });
}

function conflict(said, mine) {
  theirs = said.theirs;
  const place = byId("conflict");
  byId("conflict-words").textContent = said.message;
  byId("theirs").textContent = raw ? theirs.text || "삭제되었습니다." : readable(theirs.fields);
  byId("mine").textContent = raw ? mine.text : readable(mine.fields);
  byId("take-theirs").textContent = theirs.text ? "저장된 글로 바꾸기" : "삭제된 대로 두기";
  place.hidden = false;
  place.scrollIntoView({ block: "nearest" });
  byId("keep-mine").focus();
}

const NAMES = { title: "제목", body: "본문", aliases: "별칭", questions: "회귀 질문", document: "문서", clause: "조항", effective: "시행일", kind: "종류", action: "시작할 수 있는 일", id: "id" };
const readable = (values) => (values ? Object.entries(NAMES).map(([key, name]) => (values[key] ? `${name}: ${values[key]}` : "")).filter(Boolean).join("\n") : "삭제되었습니다.");

function wrong(error) {
  for (const input of inputs) input.removeAttribute("aria-invalid");
  if (!error) return tell("wrong", "");
  const input = raw ? byId("f-text") : inputs.find((one) => one.dataset.field === error.data?.field);
  tell("wrong", raw && error.data?.line ? `${error.data.line}번째 줄: ${error.message}` : error.message);
  if (input && error.code === "content") {
    input.setAttribute("aria-invalid", "true");
    input.focus();
  }
}

async function remove() {
  if (!(await sure("이 항목을 초안에서 삭제할까요? 게시된 글은 다음 판을 게시할 때까지 남아 있습니다."))) return;
  await leaveAfter("remove", "초안에서 삭제했습니다. 게시하면 고객에게 더 이상 답하지 않습니다.");
}

async function revert() {
  const fresh = editor.dataset.state === "added";
  if (editor.dataset.state !== "removed" && !(await sure(fresh ? "새 항목을 버릴까요?" : "초안에서 고친 것을 버리고 게시된 글로 되돌릴까요?"))) return;
  await leaveAfter("revert", fresh ? "새 항목을 버렸습니다." : "게시된 글로 되돌렸습니다.");
}

async function leaveAfter(step, words) {
  const place = byId("wrong") ? "wrong" : "news";
  await during(byId(step), place, async () => {
    try {
      const done = await ask(step, { entry, etag });
      kept.write(null);
      saved = JSON.stringify(content());
      news.leave(words);
      location.assign(`${root}/desk/knowledge${step === "remove" || !done.etag ? "" : `/e/${encodeURIComponent(entry)}`}`);
    } catch (error) {
      if (error.code !== "changed" || !byId("conflict")) throw error;
      conflict(error.data, content());
    }
  });
}

async function tryIt() {
  const question = byId("question").value;
  const place = byId("answer");
  const button = byId("ask");
  if (button.disabled) return;
  button.disabled = true;
  place.replaceChildren(make("p", { class: "small" }, "시험하고 있습니다."));
  try {
    const said = await ask("try", { question, entry: entry ?? "", ...(dirty() || gap ? content() : {}) });
    place.replaceChildren(made("초안", said.draft), made("지금 게시된 판", said.live));
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    place.replaceChildren(make("p", { class: "wrong" }, error.message));
  } finally {
    button.disabled = false;
  }
}

function made(title, decisions) {
  return make(
    "section",
    { class: "decided" },
    make("h3", {}, title),
    ...decisions.map((one) =>
      make(
        "div",
        {},
        decisions.length > 1 ? make("p", { class: "small" }, `“${one.text}”`) : null,
        make("p", {}, make("b", {}, DECISIONS[one.decision]), one.entry.id ? " · " : "", one.entry.id ? named(one.entry) : "", make("span", { class: "small" }, ` 확신 ${Math.round(one.confidence * 100)}%`)),
        make("ol", { class: "candidates" }, ...one.candidates.map((c) => make("li", {}, named(c), make("meter", { min: 0, max: 1, value: c.score, "aria-hidden": "true" }), make("span", { class: "small" }, c.score.toFixed(2))))),
      ),
    ),
  );
}

const named = (one) => (one.id === entry || !one.title ? make("span", {}, one.title || one.id) : entryLink(one.id, one.title));
