// Whether I am there. Who takes a conversation is there by that; who is silent for long is set off by the server.

import { byId } from "./dom.js";
import { post } from "./steps.js";

const field = byId("presence");
let load = 0;

export function drawPresence(board) {
  load = board.me?.load ?? 0;
  const now = board.me?.presence ?? "off";
  field.disabled = false;
  field.querySelector(`[value="${now}"]`).checked = true;
  byId("presence-load").textContent = board.me?.limit ? `상담 ${load}/${board.me.limit}건` : `상담 ${load}건`;
}

field.addEventListener("change", async (event) => {
  const presence = event.target.value;
  if (presence === "off" && load > 0 && !confirm(`맡으신 상담 ${load}건이 대기로 돌아갑니다. 자리를 비우시겠습니까?`)) {
    field.querySelector('[value="on"]').checked = true;
    return;
  }
  const said = await post("/desk/presence", { presence });
  byId("presence-told").textContent = said.message ?? "";
});
