// The operator's page: shows what the node says, asks it for what the buttons say.

import {HandOnPage} from "/static/hand.js";
import {Link} from "/static/link.js";
import {Plot, number} from "/static/plots.js";
import {StopButton} from "/static/stop.js";

const KEPT = 600; // samples
const ANSWERS = 4;
const KIND = {RUNNING: "running", HOLD: "waiting", RECOVERY: "waiting", BOOT: "waiting", ESTOP: "stopped", INACTIVE: "stopped"};
const NEXT = {HOLD: "arm", INACTIVE: "recover", ESTOP: "recover"};
const HANDS = {free: "", mine: "your hand is on the robot", other: "another page's hand is on the robot"};
const $ = (id) => document.getElementById(id);

const facts = {};
const samples = [];
let visitor = "";
let cameras = [];

const plots = [
  new Plot($("loss"), [{column: 1, color: "#d9822b"}, {column: 2, color: "#286ec8"}], {log: true}),
  new Plot($("error"), [{column: 3, color: "#2d8659"}], {unit: " mm"}),
];
const link = new Link(hear, (text) => banner("line", text));
const hand = new HandOnPage(link, $("speed"));
const stop = new StopButton($("stop"), $("release"), banner);

for (const button of document.querySelectorAll("[data-call]")) {
  button.onclick = () => link.send("call", button.dataset.call);
}
for (const button of document.querySelectorAll("[data-grip]")) {
  button.onclick = () => link.send("grip", Number(button.dataset.grip));
}
$("say").onsubmit = (event) => {
  event.preventDefault();
  link.send("say", $("instruction").value);
  $("instruction").blur();
};
$("view").onload = () => hand.watch($("view"));
$("view").onpointerleave = () => hand.up();

function hear(message) {
  if (message.hello) {
    ({visitor, cameras} = message.hello);
    for (const name of Object.keys(facts)) delete facts[name];
    samples.length = 0;
    hand.up();
    showCameras();
  }
  if (message.facts) {
    Object.assign(facts, message.facts);
    if (message.facts.view) $("view").src = `/view/${visitor}/?hideViserLogo`;
    show();
  }
  if (message.samples) {
    samples.push(...message.samples);
    samples.splice(0, samples.length - KEPT);
    requestAnimationFrame(drawCurves);
  }
  if (message.hand) {
    $("hand").textContent = HANDS[message.hand];
    $("hand").className = message.hand;
  }
  if (message.answer) {
    const {service, done, text} = message.answer;
    note(`${service}: ${text || (done ? "done" : "refused")}`, done);
  }
  if (message.trouble) note(message.trouble, false);
}

function show() {
  const {state, silent, services = [], recording = "", altered} = facts;
  const known = state && !silent;
  const pill = $("state");
  pill.textContent = known ? [state.state, state.code].filter(Boolean).join(" · ") : "ROBOT SILENT";
  pill.className = `pill ${known ? KIND[state.state] ?? "" : "stopped"}`;
  $("meaning").textContent = known ? state.meaning : "Nothing has come from the robot for half a second.";
  $("remedy").textContent = known ? state.remedy : "Is the robot node running? Look at its output.";
  const pressed = Boolean(facts.stops_here || facts.stops_elsewhere);
  stop.show(pressed, Boolean(facts.stops_here), known && state.state === "ESTOP");
  for (const button of document.querySelectorAll("[data-call]")) {
    const name = button.dataset.call;
    button.disabled = !services.includes(name);
    button.classList.toggle("next", known && !pressed && NEXT[state.state] === name);
  }
  $("altered").hidden = !altered || !known;
  if (altered) $("altered").textContent = `Guard: ${altered.code}. ${altered.meaning} ${altered.remedy}`;
  $("teleoperation").textContent = facts.teleop_state ? `Teleoperation: ${facts.teleop_state}` : "";
  $("unfollowed").hidden = Boolean(facts.teleoperation);
  for (const button of document.querySelectorAll("[data-push], [data-grip]")) button.disabled = !facts.teleoperation;
  $("moving").hidden = facts.follower?.led === false;
  $("follower").textContent = facts.follower?.name ?? "";
  $("unrecorded").hidden = services.includes("start_episode");
  $("recording").textContent = recording ? `● ${recording}` : "";
  $("recording").classList.toggle("on", Boolean(recording));
  $("adaptation").textContent = facts.adaptation ?? "";
  if (document.activeElement !== $("instruction")) $("instruction").value = facts.instruction ?? "";
}

function drawCurves() {
  const [, before, after, error] = samples[samples.length - 1];
  $("losses").textContent = before === null ? "" : `before ${number(before)}, after ${number(after)}`;
  $("distance").textContent = error === null ? "" : `${error.toFixed(1)} mm`;
  plots[0].draw(samples);
  plots[1].draw(samples);
}

function showCameras() {
  $("cameras").replaceChildren(...cameras.map((name, number) => {
    const figure = document.createElement("figure");
    const caption = document.createElement("figcaption");
    const label = document.createElement("label");
    const box = document.createElement("input");
    const image = document.createElement("img");
    box.type = "checkbox";
    image.alt = `no picture on ${name} yet`;
    image.hidden = true;
    box.onchange = () => {
      image.hidden = !box.checked;
      if (box.checked) image.src = `/camera/${number}`;
      else image.removeAttribute("src");
    };
    label.append(box, " show");
    caption.append(name, label);
    figure.append(caption, image);
    return figure;
  }));
}

const banners = {};
// One line under the header for each kind of trouble; "" takes it away.
function banner(kind, text, grave = false) {
  banners[kind] = {text, grave};
  const said = Object.values(banners).filter((line) => line.text);
  $("banner").hidden = !said.length;
  $("banner").textContent = said.map((line) => line.text).join(" ");
  $("banner").classList.toggle("grave", said.some((line) => line.grave));
}

function note(text, good) {
  const line = document.createElement("li");
  line.textContent = `${new Date().toLocaleTimeString()} ${text}`;
  line.className = good ? "yes" : "no";
  $("answers").prepend(line);
  while ($("answers").children.length > ANSWERS) $("answers").lastChild.remove();
}
