import { execFile, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { program } from "./programs.js";

const run = promisify(execFile);

/** `thaiyyal serve` with its data in a file of its own, to be killed without mercy and started again on the same port. */
export class TestServer {
  #folder = mkdtempSync(join(tmpdir(), "thaiyyal-sdk-"));
  #process = null;
  port = 0;
  output = "";

  /** @param {string[]} more arguments */
  constructor(...more) {
    this.more = more;
  }

  get url() { return `ws://127.0.0.1:${this.port}`; }
  get folder() { return this.#folder; }

  async start() {
    const words = [
      "serve", "--plain", "--host", "127.0.0.1", "--port", String(this.port), "--data", join(this.#folder, "data.sqlite"), "--log-level", "error",
    ];
    this.#process = spawn(program("thaiyyal"), [...words, ...this.more], { stdio: ["ignore", "pipe", "pipe"] });
    this.#process.stderr.on("data", (data) => { this.output += data; });
    this.port = await new Promise((resolve, reject) => {
      let said = "";
      this.#process.stdout.on("data", (data) => {
        said += data;
        const found = /protocol +ws:\/\/[^:/]+:([0-9]+)/.exec(said);
        if (found) resolve(Number(found[1]));
      });
      this.#process.once("exit", () => reject(new Error(`the server ended before it listened: ${this.output}`)));
    });
    return this;
  }

  async kill(signal = "SIGKILL") {
    const child = this.#process;
    this.#process = null;
    if (!child || child.exitCode !== null) return;
    const gone = new Promise((resolve) => child.once("exit", resolve));
    child.kill(signal);
    await gone;
  }

  /** Another command of the same program, on this server. @param {string[]} words */
  run(...words) {
    return run(program("thaiyyal"), [...words, "--url", this.url]);
  }

  /** The server's own hashes, as the command line tells them. */
  async hashes(workflow) {
    const { stdout } = await this.run("export", "--hash", "--workflow", workflow);
    const of = (name) => new RegExp(`${name}\\w*\\s+([0-9a-f]{64})`).exec(stdout)?.[1];
    return { graphHash: of("graph"), documentHash: of("document") };
  }

  async end() {
    await this.kill();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
