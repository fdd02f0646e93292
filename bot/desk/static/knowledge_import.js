// A policy document: read here, taken apart by the server, and only what is ticked goes into the draft.

import { byId, make, root } from "./dom.js";
import { ask, during, tell } from "./knowledge.js";

const STANDING = { new: "새 항목", same: "이미 있음", differs: "바뀜" };
let proposals = [];

byId("document").addEventListener("submit", (event) => {
  event.preventDefault();
  during(byId("read"), "wrong", read);
});
byId("proposals").addEventListener("submit", (event) => {
  event.preventDefault();
  during(byId("take"), "wrong-take", take);
});
byId("all").addEventListener("change", () => {
  for (const box of boxes()) box.checked = byId("all").checked && !box.disabled;
  count();
});
byId("list").addEventListener("change", count);
byId("file").addEventListener("change", () => (byId("text").disabled = byId("format").disabled = byId("file").files.length > 0));

const boxes = () => [...byId("list").querySelectorAll("input[type=checkbox]")];

async function read() {
  const file = byId("file").files[0];
  const text = file ? await words(file) : byId("text").value;
  if (text === null) return;
  tell("done", "");
  const said = await ask("import/propose", { name: file?.name ?? "", text, format: byId("format").value, document: byId("name").value }).catch((error) => {
    byId("proposals").hidden = true;
    if (error.data?.line) error.message = `${error.data.line}번째 줄: ${error.message}`;
    throw error;
  });
  proposals = said.proposals;
  byId("list").replaceChildren(...proposals.map(proposal));
  byId("proposals").hidden = false;
  byId("found").textContent = `조항 ${proposals.length}개를 찾았습니다`;
  byId("all").checked = true;
  count();
  byId("found").focus();
}

async function words(file) {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(await file.arrayBuffer());
  } catch {
    tell("wrong", "UTF-8이 아닌 파일입니다. 파일을 UTF-8로 저장해 다시 올리거나, 글을 복사해 붙여 넣어 주세요.");
    return null;
  }
}

function proposal(one, number) {
  const same = one.standing === "same";
  const box = make("input", { type: "checkbox", id: `p${number}`, checked: !same, disabled: same });
  const body = one.lines.map((line) => make("p", {}, ...line.map(([mark, text]) => (one.standing === "differs" ? piece(mark, text) : text))));
  return make(
    "li",
    { class: "box" },
    make("label", { class: "check", for: `p${number}` }, box, make("b", {}, one.title), make("span", { class: `tag ${one.standing}` }, STANDING[one.standing])),
    make("p", { class: "small" }, [`${one.document} ${one.clause}`, one.effective && `${one.effective} 시행`, one.entry].filter(Boolean).join(" · ")),
    make("details", {}, make("summary", {}, one.standing === "differs" ? "달라지는 글 보기" : "글 보기"), make("div", { class: "diff" }, ...body)),
  );
}

function piece(mark, text) {
  if (mark === "same") return text;
  const [tag, word] = mark === "added" ? ["ins", "추가"] : ["del", "삭제"];
  return make(tag, {}, make("span", { class: "hidden" }, `[${word}] `), text, make("span", { class: "hidden" }, ` [${word} 끝]`));
}

function count() {
  const chosen = boxes().filter((box) => box.checked).length;
  byId("take").textContent = chosen ? `고른 항목 ${chosen}개를 초안에 담기` : "고른 항목이 없습니다";
  byId("take").disabled = !chosen;
}

async function take() {
  const chosen = proposals.filter((_, number) => boxes()[number].checked);
  const put = await ask("import/take", { entries: chosen.map(({ entry, text, etag }) => ({ entry, text, etag })) }).catch((error) => {
    if (error.data?.path) error.message = `${error.data.path}: ${error.message}`;
    throw error;
  });
  byId("proposals").hidden = true;
  byId("document").reset();
  byId("text").disabled = byId("format").disabled = false;
  tell("done", `초안에 담았습니다(추가 ${put.added.length}개, 바뀜 ${put.changed.length}개). `);
  byId("done").append(make("a", { href: `${root}/desk/knowledge?state=added` }, "새 항목 보기"));
}
