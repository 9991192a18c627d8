// The software stop: one press stops, letting go is a second, own button, and resumes nothing.

const PATIENCE = 1000; // for the robot to confirm, [ms]

export class StopButton {
  #confirmed = false;

  constructor(button, release, banner) {
    Object.assign(this, {button, release, banner});
    button.onclick = () => this.press();
    release.onclick = () => this.#letGo();
    window.addEventListener("keydown", (event) => event.key === "Escape" && this.press());
  }

  async press() {
    try {
      const answer = await fetch("/stop", {method: "POST", keepalive: true});
      if (!answer.ok) throw new Error(await answer.text());
      this.banner("stop", "");
    } catch (error) {
      this.banner("stop", `THE STOP DID NOT GO OUT (${error.message}). Use the button beside the robot.`, true);
      return;
    }
    setTimeout(() => {
      if (!this.#confirmed) this.banner("stop", "The robot has not confirmed the stop. Use the button beside it.", true);
    }, PATIENCE);
  }

  // Whether anybody presses, whether this page does, and whether the robot is stopped.
  show(pressed, here, confirmed) {
    this.#confirmed = confirmed;
    if (confirmed) this.banner("stop", "");
    this.button.classList.toggle("pressed", pressed);
    this.release.hidden = !here;
  }

  async #letGo() {
    const answer = await fetch("/release", {method: "POST"});
    this.banner("release", answer.ok ? "" : `Not let go: ${await answer.text()}.`);
  }
}
