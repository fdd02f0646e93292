// A file on its way. XMLHttpRequest, because fetch does not tell how far an upload has come.

import { Refusal } from "./session.js";

const LONGEST = 150_000; // ms; the server waits for 120 s

// What the server knows of it: { id, type, size }. progress(part) is called with 0 to 1. Throws like session.fetch, and
// AbortError when the signal was given.
export async function upload(session, file, progress, signal) {
  const { url, token } = await session.ticket("chat/files");
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    const abort = () => request.abort();
    request.open("POST", url);
    request.setRequestHeader("Authorization", `Bearer ${token}`);
    request.setRequestHeader("Content-Type", "application/octet-stream"); // the server looks for itself
    request.timeout = LONGEST;
    request.upload.onprogress = (event) => progress(event.lengthComputable ? event.loaded / event.total : 0);
    request.onload = () => {
      const said = parsed(request.responseText);
      const wait = Number(request.getResponseHeader("Retry-After")) || 0;
      if (request.status === 201) resolve(said);
      else reject(new Refusal(request.status, said.error ?? "", said.message ?? "", wait, token));
    };
    request.onerror = request.ontimeout = () => reject(new TypeError("not reached"));
    request.onabort = () => reject(new DOMException("taken out", "AbortError"));
    request.onloadend = () => signal.removeEventListener("abort", abort);
    signal.addEventListener("abort", abort);
    if (signal.aborted) reject(new DOMException("taken out", "AbortError"));
    else request.send(file);
  });
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return {};
  }
}
