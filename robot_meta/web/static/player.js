// One clip: all its pictures are fetched, then played round and round, paused or scrubbed.

const DRAWN = "drawn from what was recorded"; // not filmed

export class Player {
  #frames = [];
  #timer = null;
  #shown = 0;

  // `title` stands above it; `shown` is what the server says of the clip; `choose` shows it by
  // another camera.
  constructor(title, shown, choose) {
    const [episode, begin, end] = shown.clip;
    this.shown = shown;
    this.element = document.createElement("div");
    this.element.className = "player";
    const heading = document.createElement("h3");
    const origin = document.createElement("span");
    if (shown.trouble) {
      origin.textContent = ` ${shown.trouble}`;
      heading.append(title, origin);
      this.element.append(heading);
      return;
    }
    origin.textContent = shown.source ? ` filmed by ${shown.source}` : ` ${DRAWN}`;
    heading.append(title, origin);
    if (shown.sources.length > 1) heading.append(this.#cameras(choose));
    this.canvas = document.createElement("canvas");
    this.canvas.width = 480;
    this.canvas.height = 360;
    this.button = document.createElement("button");
    this.button.type = "button";
    this.button.onclick = () => this.toggle();
    this.slider = Object.assign(document.createElement("input"), {type: "range", min: 0, max: shown.frames - 1, value: 0});
    this.slider.setAttribute("aria-label", "Time");
    this.slider.oninput = () => this.go(Number(this.slider.value));
    this.time = document.createElement("span");
    this.time.className = "time";
    const controls = document.createElement("div");
    controls.className = "controls";
    controls.append(this.button, this.slider, this.time);
    this.element.append(heading, this.canvas, controls);
    for (let number = 0; number < shown.frames; number++) {
      const image = new Image();
      image.onload = () => number === this.#shown && this.#draw();
      image.src = `/frame?${new URLSearchParams({episode, begin, end, number, source: shown.source})}`;
      this.#frames.push(image);
    }
    this.#play();
  }

  // Where the clip can be seen by several cameras.
  #cameras(choose) {
    const list = document.createElement("select");
    list.setAttribute("aria-label", "Camera");
    for (const source of this.shown.sources) list.append(new Option(source || DRAWN, source, false, source === this.shown.source));
    list.onchange = () => choose(list.value);
    return list;
  }

  toggle() {
    if (this.shown.trouble) return;
    if (this.#timer === null) this.#play();
    else this.pause();
  }

  pause() {
    if (this.#timer === null) return;
    clearInterval(this.#timer);
    this.#timer = null;
    this.button.textContent = "Play";
  }

  // Show one picture, and stay there.
  go(number) {
    this.pause();
    this.#show(number);
  }

  step(count) {
    if (this.shown.trouble) return;
    this.go(Math.min(Math.max(this.#shown + count, 0), this.#frames.length - 1));
  }

  #play() {
    this.button.textContent = "Pause";
    this.#timer = setInterval(() => this.#show((this.#shown + 1) % this.#frames.length), 1000 / this.shown.fps);
  }

  #show(number) {
    this.#shown = number;
    this.slider.value = number;
    const seconds = (count) => (count / this.shown.fps).toFixed(1);
    this.time.textContent = `${seconds(number)} of ${seconds(this.#frames.length)} s`;
    this.#draw();
  }

  #draw() {
    const image = this.#frames[this.#shown];
    if (!image.complete || !image.naturalWidth) return;
    this.canvas.width = image.naturalWidth;
    this.canvas.height = image.naturalHeight;
    this.canvas.getContext("2d").drawImage(image, 0, 0);
  }
}
