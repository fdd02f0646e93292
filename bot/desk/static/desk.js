// The queue's page and a conversation's page.

import { draw } from "./board.js";
import { drawBrief } from "./brief.js";
import { byId } from "./dom.js";
import { know } from "./moving.js";
import { drawPresence } from "./presence.js";
import { banner, Stream } from "./stream.js";
import { Talk } from "./talk.js";
import { drawTeam } from "./team.js";
import { Write } from "./write.js";

const conversation = Number(byId("main").dataset.conversation ?? 0);
const talk = conversation ? new Talk() : null;
const write = conversation ? new Write(conversation) : null;

const on = {
  board: (board) => {
    draw(board);
    drawPresence(board);
    know(board);
    drawTeam(board);
  },
  state: (state) => write?.state(state),
  brief: (brief) => talk && drawBrief(brief),
  message: (message) => talk?.message(message),
  note: (note) => talk?.addNote(note),
  receipt: (receipt) => talk?.receipt(receipt),
  ready: () => talk?.ready(),
  hidden: ({ alias }) => talk?.hide(`${alias} 상담원이 상담하고 있습니다. 대화 내용은 담당 상담원만 볼 수 있습니다.`),
  gone: () => {
    talk?.hide("삭제된 고객입니다. 대화 내용은 더 이상 볼 수 없습니다.");
    banner("");
  },
};

const query = () => (talk ? `c=${conversation}&seq=${talk.seq}&note=${talk.note}` : "");
new Stream(query, (name, data) => on[name]?.(data)).connect();
