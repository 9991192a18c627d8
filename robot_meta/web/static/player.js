// One clip: all its pictures are fetched, then played round and round, paused or scrubbed.

export class Player {
  #frames = [];
  #timer = null;
  #shown = 0;

  // `title` stands above it; `shown` is what the server says of the clip.
  constructor(title, shown) {
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
    origin.textContent = shown.source ? ` filmed by ${shown.source}` : " drawn from what was recorded";
    heading.append(title, origin);
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
      image.src = `/frame?${new URLSearchParams({episode, begin, end, number})}`;
      this.#frames.push(image);
    }
    this.#play();
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
