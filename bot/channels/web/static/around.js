// What is around the chat: whose conversation it is, and the page that frames it. frame.js fills this in before the
// chat starts; without a frame it stays as it is here.

// account: a name for a visitor whom the shop has signed, "" for whoever uses this browser. token: the visitor's session.
// remark: what the customer is told once the conversation is on the screen.
export const owner = { account: "", token: null, remark: "" };

// shown: whether the customer sees the frame. onshown(on) is called when that changes.
export const host = {
  framed: false,
  shown: true,
  onshown() {},
  unread(_count) {},
  close() {},
  ended(_status) {}, // the visitor's session was refused
};

// The name under which something is kept of this conversation alone: a browser is used by more than one person.
export const kept = (key) => (owner.account ? `${key}.${owner.account}` : key);
