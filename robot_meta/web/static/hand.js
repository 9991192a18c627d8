// The hand of the person: down while a pointer is down, up in every other case.

const BEAT = 20; // while it is down, [ms]; silence lets go

export class HandOnPage {
  #timer = null;
  #button = null;

  constructor(link, speed) {
    this.link = link;
    this.speed = speed;
    for (const button of document.querySelectorAll("[data-push]")) {
      button.addEventListener("pointerdown", (event) => this.#push(event, button));
      button.addEventListener("lostpointercapture", () => this.up());
      button.addEventListener("contextmenu", (event) => event.preventDefault());
    }
    document.addEventListener("visibilitychange", () => document.hidden && this.up());
    for (const gone of ["pagehide", "blur"]) window.addEventListener(gone, () => this.#left());
  }

  // Pointers inside the 3-D view count too: its arrows are dragged there.
  watch(frame) {
    frame.contentWindow.addEventListener("pointerdown", () => this.#down(), true);
    for (const end of ["pointerup", "pointercancel", "blur", "pagehide"]) {
      frame.contentWindow.addEventListener(end, () => this.up(), true);
    }
  }

  up() {
    if (this.#timer === null) return;
    clearInterval(this.#timer);
    this.#timer = null;
    this.#button?.classList.remove("down");
    this.#button = null;
    this.link.send("up");
  }

  // The window lost the keyboard; to the 3-D view inside it, perhaps.
  #left() {
    if (document.activeElement?.tagName !== "IFRAME") this.up();
  }

  #push(event, button) {
    if (event.button !== 0) return;
    button.setPointerCapture(event.pointerId);
    const speed = Number(this.speed.value);
    this.link.send("push", button.dataset.push.split(" ").map((part) => speed * Number(part)));
    this.#button = button;
    button.classList.add("down");
    this.#down();
  }

  #down() {
    clearInterval(this.#timer);
    this.link.send("beat");
    this.#timer = setInterval(() => this.link.send("beat"), BEAT);
  }
}
