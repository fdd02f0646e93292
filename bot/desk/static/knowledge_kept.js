// What is being written stays in this browser until it is saved. Words that customers wrote go with the window.

export class Kept {
  #key;
  #store;

  constructor(name, store) {
    this.#key = `sangdam.kb.${name}`;
    this.#store = store;
  }

  read() {
    try {
      return JSON.parse(this.#store().getItem(this.#key) ?? "null");
    } catch {
      return null;
    }
  }

  write(value) {
    try {
      if (value === null) this.#store().removeItem(this.#key);
      else this.#store().setItem(this.#key, JSON.stringify(value));
      return true;
    } catch {
      return false; // full, or closed to us: the page still has it
    }
  }
}

export const lasting = () => localStorage;
export const ofThisWindow = () => sessionStorage;
