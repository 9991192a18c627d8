// The page for annotation: asks for clips, sends what is said of them.

import {Player} from "/static/player.js";

const $ = (id) => document.getElementById(id);
const CHOICES = {a: "A is better", b: "B is better", equal: "equal", unsure: "cannot tell"};

let pair = false;
let players = [];
let fresh = "yes"; // whether to look for what was recorded since

async function ask(path, content) {
  try {
    const options = content === undefined ? {} : {method: "POST", body: content instanceof Blob ? content : JSON.stringify(content)};
    const answer = await fetch(path, options);
    if (!answer.ok) throw new Error((await answer.text()).trim());
    banner("");
    return await answer.json();
  } catch (error) {
    banner(error instanceof TypeError ? "The page has lost its server: does it still run? Nothing was sent." : error.message);
    return null;
  }
}

function banner(text) {
  $("banner").textContent = text;
  $("banner").hidden = !text;
}

function who() {
  const name = $("who").value.trim();
  $("who").classList.toggle("missing", !name);
  if (!name) {
    banner("Say who you are first, at the top right: agreement is between people.");
    $("who").focus();
  }
  return name;
}

async function next() {
  for (const player of players) player.pause();
  const name = who();
  if (!name) return;
  const answer = await ask(`/next?${new URLSearchParams({who: name, pair: pair ? "yes" : "no", asked: $("asked").value, fresh})}`);
  if (!answer) return;
  fresh = "no";
  players = answer.clips.map(player);
  $("players").replaceChildren(...players.map((player) => player.element));
  $("done").hidden = players.length > 0;
  $("label").hidden = pair || !players.length;
  $("preference").hidden = !pair || !players.length;
  $("text").value = "";
  overview();
}

function player(shown, i) {
  return new Player(pair ? "AB"[i] : "Clip", shown, (source) => see(i, source));
}

// The same clip by another camera, or drawn.
async function see(i, source) {
  const [episode, begin, end] = players[i].shown.clip;
  const shown = await ask(`/shown?${new URLSearchParams({episode, begin, end, source})}`);
  if (!shown) return;
  const before = players[i];
  before.pause();
  players[i] = player(shown, i);
  before.element.replaceWith(players[i].element);
}

async function say(kind, more = {}) {
  const name = who();
  if (!name) return;
  const clips = players.map((player) => player.shown.clip);
  const said = {who: name, kind, clips, text: pair ? $("asked").value.trim() : "", ...more};
  if (await ask("/say", said)) await next();
}

async function overview() {
  const found = await ask(`/overview?${new URLSearchParams({who: $("who").value.trim()})}`);
  if (!found) return;
  const rows = [
    ["clips", found.clips],
    ["clips that have enough answers", found.done],
    ["annotations, all changes kept", found.annotations],
    ["annotators", found.annotators.length],
    ["the same words in a row", agreed(found.labels)],
    ["the same set of words", agreed(found.word_sets)],
    ["the same preference", agreed(found.preferences)],
  ];
  $("counts").replaceChildren(...rows.flatMap(([term, value]) => [element("dt", term), element("dd", value)]));
  $("own").replaceChildren(...found.own.map(told));
}

function agreed({questions, share, alpha}) {
  if (!questions) return "–";
  const beyond = alpha === null ? "" : `, α ${alpha.toFixed(2)}`;
  return `${Math.round(100 * share)} %${beyond} (${questions})`;
}

function told(said) {
  const line = element("li", "");
  const words = {label: said.text, preference: CHOICES[said.choice], skip: "skipped", unsure: "cannot tell", retract: "taken back"}[said.kind];
  line.append(element("span", words));
  if (said.counts) {
    const button = element("button", "Take back");
    button.onclick = async () => (await ask("/take_back", {who: $("who").value.trim(), id: said.id})) && overview();
    line.append(button);
  } else {
    line.className = said.kind === "retract" ? "" : "over";
  }
  line.append(element("small", [...said.clips, new Date(1000 * said.time).toLocaleTimeString()].join(" · ")));
  return line;
}

function element(kind, text) {
  const made = document.createElement(kind);
  made.textContent = text;
  return made;
}

function turn(toPair) {
  pair = toPair;
  $("describe").setAttribute("aria-selected", String(!pair));
  $("compare").setAttribute("aria-selected", String(pair));
  $("label").hidden = $("preference").hidden = true;
  next();
}

$("describe").onclick = () => turn(false);
$("compare").onclick = () => turn(true);
$("who").value = localStorage.getItem("who") ?? "";
$("who").onchange = () => {
  localStorage.setItem("who", $("who").value.trim());
  next();
};
$("label").onsubmit = (event) => {
  event.preventDefault();
  say("label", {text: $("text").value});
};
$("preference").onsubmit = (event) => event.preventDefault();
$("asked").onchange = next;
$("text").onkeydown = (event) => {
  if (event.key === "Enter" && !event.shiftKey) {
    event.preventDefault();
    $("label").requestSubmit();
  }
};
for (const button of document.querySelectorAll("[data-say]")) button.onclick = () => say(button.dataset.say);
for (const button of document.querySelectorAll("[data-choice]")) {
  button.onclick = () => say("preference", {choice: button.dataset.choice});
}
$("again").onclick = () => {
  fresh = "yes";
  next();
};
$("import").onclick = () => $("file").click();
$("file").onchange = async () => {
  const answer = await ask("/import", $("file").files[0]);
  $("file").value = "";
  if (answer) {
    $("imported").textContent = `${answer.new} new annotations taken in.`;
    overview();
  }
};
document.addEventListener("keydown", (event) => {
  if (["INPUT", "TEXTAREA", "BUTTON"].includes(event.target.tagName)) return;
  const act = {" ": (p) => p.toggle(), ArrowLeft: (p) => p.step(-1), ArrowRight: (p) => p.step(1)}[event.key];
  if (!act) return;
  event.preventDefault();
  players.forEach(act);
});
turn(false);
