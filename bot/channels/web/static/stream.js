// The log as it grows: server-sent events over fetch, because EventSource cannot send a header.

const SILENCE = 40_000; // the server beats every 15 s
const PAUSES = [300, 1000, 2000, 4000, 8000, 15_000];

// on: { event(name, data), state("live" | "lost" | "refused", refusal), after() -> last seq seen }
export class Stream {
  #session;
  #on;
  #tries = 0;
  #abort = null;
  #timer = 0;
  #paused = true;

  constructor(session, on) {
    this.#session = session;
    this.#on = on;
  }

  // Connect now, whatever pause was under way; nothing happens while connected.
  connect() {
    this.#paused = false;
    clearTimeout(this.#timer);
    if (!this.#abort) this.#run();
  }

  // Connect again at once, also when the connection looks alive.
  renew() {
    this.pause();
    this.#tries = 0;
    this.connect();
  }

  pause() {
    this.#paused = true;
    clearTimeout(this.#timer);
    this.#abort?.abort();
    this.#abort = null;
  }

  async #run() {
    const abort = (this.#abort = new AbortController());
    let watch = 0;
    const heard = () => {
      clearTimeout(watch);
      watch = setTimeout(() => abort.abort(), SILENCE);
    };
    let failure = null;
    try {
      heard();
      const response = await this.#session.fetch(`chat/stream?after=${this.#on.after()}`, { signal: abort.signal });
      const events = parser((name, data) => {
        if (abort !== this.#abort) return;
        if (name === "ready") this.#alive(); // a server that cannot read the log answers, but never gets this far
        this.#on.event(name, data);
      });
      const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
      for (;;) {
        const { value, done } = await reader.read();
        if (done || abort !== this.#abort) break;
        heard();
        events(value);
      }
    } catch (error) {
      failure = error;
    } finally {
      clearTimeout(watch);
    }
    if (abort !== this.#abort) return; // paused or renewed meanwhile
    this.#abort = null;
    this.#again(failure);
  }

  #alive() {
    this.#tries = 0;
    this.#on.state("live");
  }

  #again(failure) {
    if (this.#paused) return;
    const refused = typeof failure?.status === "number";
    // One quick try first: a server that restarts is not worth a word.
    if (refused) this.#on.state("refused", failure);
    else if (this.#tries > 0) this.#on.state("lost");
    if (this.#paused || this.#abort) return; // the page decided otherwise
    const pause = PAUSES[Math.min(this.#tries, PAUSES.length - 1)];
    this.#tries += 1;
    const wait = Math.max(pause * (1 + Math.random() * 0.3), (failure?.retryAfter ?? 0) * 1000);
    this.#timer = setTimeout(() => this.connect(), wait);
  }
}

// Feed it text as it comes; it calls with each event's name and data.
export function parser(call) {
  let rest = "";
  return (text) => {
    const records = (rest + text).split("\n\n");
    rest = records.pop();
    for (const record of records) {
      let name = "message";
      const data = [];
      for (const line of record.split("\n")) {
        if (line.startsWith("event: ")) name = line.slice(7);
        else if (line.startsWith("data: ")) data.push(line.slice(6));
      }
      if (data.length) call(name, JSON.parse(data.join("\n")));
    }
  };
}
