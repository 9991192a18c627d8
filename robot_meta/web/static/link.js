// The page's line to its node: tells what comes in, comes back by itself when it was lost.

const AGAIN = 1000; // between two tries, [ms]

export class Link {
  #socket = null;

  // `hear(message)` gets every message, `lost(text)` why there is no line; "" when there is one.
  constructor(hear, lost) {
    this.hear = hear;
    this.lost = lost;
    this.#open();
  }

  // Whether it went out.
  send(word, value = null) {
    if (this.#socket?.readyState !== WebSocket.OPEN) return false;
    this.#socket.send(JSON.stringify({[word]: value}));
    return true;
  }

  #open() {
    this.#socket = new WebSocket(`ws://${location.host}/socket`);
    this.#socket.onmessage = (event) => {
      const message = JSON.parse(event.data);
      if (message.hello) this.lost("");
      this.hear(message);
    };
    this.#socket.onclose = async () => {
      this.lost(await reason());
      setTimeout(() => this.#open(), AGAIN);
    };
  }
}

async function reason() {
  try {
    const answer = await fetch("/", {method: "HEAD"});
    if (answer.status === 401 || answer.status === 403) {
      return "The key of this page has changed: open the address that was printed at start.";
    }
  } catch {
    return "The page has lost its node: does it still run? Trying again…";
  }
  return "The page has lost its line. Trying again…";
}
