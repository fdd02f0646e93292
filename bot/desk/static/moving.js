// Passing a conversation on, and putting it off.

import { byId, make } from "./dom.js";

const PRESENCE = { on: "상담 가능", pause: "잠시 쉼", off: "자리 비움" };
let team = [];
let me = null;

// Who there is to pass it on to; kept from the last state of the desk.
export function know(board) {
  team = board.team;
  me = board.me;
}

// take(body): takes the step.
export function openDialogs(take) {
  const open = (name, fill, body) => {
    const dialog = byId(`${name}-dialog`);
    document.querySelector(`[data-opens="${name}"]`).addEventListener("click", () => {
      fill();
      dialog.returnValue = "";
      dialog.showModal();
    });
    dialog.addEventListener("close", () => dialog.returnValue === "go" && take(body()));
  };
  open("transfer", fillTeam, () => {
    const [to, text] = [byId("transfer-to").value, byId("transfer-note").value];
    byId("transfer-note").value = "";
    return to === "queue" ? { kind: "queue", text } : { kind: "transfer", to: Number(to), text };
  });
  open(
    "snooze",
    () => {},
    () => ({ kind: "snooze", until: new Date(Date.now() + 60_000 * Number(byId("snooze-for").value)).toISOString() }),
  );
}

function fillTeam() {
  const others = team.filter((one) => one.id !== me?.id);
  const place = (one) => (one.limit ? `${one.load}/${one.limit}건` : `${one.load}건`);
  byId("transfer-to").replaceChildren(
    make("option", { value: "queue" }, "대기로 돌리기 (순서 그대로)"),
    ...others.map((one) => make("option", { value: one.id, disabled: one.presence === "off" }, `${one.alias} · ${PRESENCE[one.presence]} · ${place(one)}`)),
  );
}
