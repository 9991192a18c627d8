// Curves over the last minute, drawn here.

const SPAN = 60; // [s]
const MARGIN = {left: 52, right: 8, top: 6, bottom: 18};

// One canvas; `curves` are {column, color}, `log` for a logarithmic axis, `unit` behind its numbers.
export class Plot {
  constructor(canvas, curves, {log = false, unit = ""} = {}) {
    Object.assign(this, {canvas, curves, log, unit});
  }

  // `samples` are rows whose column 0 is the time, [s].
  draw(samples) {
    const ratio = window.devicePixelRatio || 1;
    const {clientWidth: width, clientHeight: height} = this.canvas;
    this.canvas.width = width * ratio;
    this.canvas.height = height * ratio;
    const pen = this.canvas.getContext("2d");
    pen.scale(ratio, ratio);
    pen.font = "12px system-ui, sans-serif";
    const now = samples.length ? samples[samples.length - 1][0] : 0;
    const inner = {w: width - MARGIN.left - MARGIN.right, h: height - MARGIN.top - MARGIN.bottom};
    const range = this.#range(samples);
    const x = (time) => MARGIN.left + inner.w * (1 - (now - time) / SPAN);
    const y = (value) => MARGIN.top + inner.h * (1 - (this.#scale(value) - range[0]) / (range[1] - range[0]));
    this.#axes(pen, range, x, inner, width, height, now);
    for (const {column, color} of this.curves) {
      pen.strokeStyle = color;
      pen.lineWidth = 1.6;
      pen.beginPath();
      let broken = true;
      for (const row of samples) {
        const value = row[column];
        if (value === null || row[0] < now - SPAN || (this.log && value <= 0)) {
          broken = true;
          continue;
        }
        pen[broken ? "moveTo" : "lineTo"](x(row[0]), y(value));
        broken = false;
      }
      pen.stroke();
    }
  }

  #scale(value) {
    return this.log ? Math.log10(value) : value;
  }

  #range(samples) {
    const values = this.curves
      .flatMap(({column}) => samples.map((row) => row[column]))
      .filter((value) => value !== null && (!this.log || value > 0))
      .map((value) => this.#scale(value));
    if (!values.length) return this.log ? [-4, 0] : [0, 1];
    const least = this.log ? Math.floor(Math.min(...values)) : 0;
    const most = this.log ? Math.ceil(Math.max(...values)) : Math.max(...values) * 1.1;
    return [least, most > least ? most : least + 1];
  }

  #axes(pen, [least, most], x, inner, width, height, now) {
    pen.fillStyle = "#66727d";
    pen.strokeStyle = "#e8ebee";
    pen.lineWidth = 1;
    const lines = this.log ? Math.min(4, most - least) : 2;
    for (let i = 0; i <= lines; i++) {
      const level = least + ((most - least) * i) / lines;
      const at = MARGIN.top + inner.h * (1 - i / lines);
      pen.beginPath();
      pen.moveTo(MARGIN.left, at);
      pen.lineTo(width - MARGIN.right, at);
      pen.stroke();
      const value = this.log ? 10 ** level : level;
      pen.textAlign = "right";
      pen.fillText(`${number(value)}${this.unit}`, MARGIN.left - 6, at + 4);
    }
    pen.textAlign = "center";
    for (const ago of [60, 40, 20, 0]) {
      const text = ago ? `−${ago} s` : "now";
      pen.fillText(text, Math.min(Math.max(x(now - ago), MARGIN.left), width - 16), height - 4);
    }
  }
}

export function number(value) {
  if (value === null || value === undefined) return "–";
  return value !== 0 && Math.abs(value) < 1e-3 ? value.toExponential(0) : String(Number(value.toPrecision(3)));
}
