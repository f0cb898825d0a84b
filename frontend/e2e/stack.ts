import { type ChildProcess, spawn } from "node:child_process";
import { generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { mkdtempSync, openSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test as base } from "@playwright/test";

/**
 * The whole product, each part in its own process: a SYNTHETIC exchange and weather, the trader with its
 * API, and the dashboard's server. Nothing is mocked; the trader can be killed and restarted.
 */

const ROOT = join(import.meta.dirname, "..", "..");
const PYTHON = join(ROOT, ".venv", "bin", "python");
const SERVER = join(ROOT, "frontend", ".next", "standalone", "server.js");
const API_KEY = "a-key-of-the-end-to-end-tests";
export const PASSWORD = "a-password-of-the-tests";
const START_WITHIN_MS = 60_000;

export class Stack {
  readonly folder = mkdtempSync(join(tmpdir(), "kalshi-edge-e2e-"));
  private processes: ChildProcess[] = [];
  private trader: ChildProcess | null = null;
  private privateKey!: KeyObject;
  private keyId = "";
  sandbox = "";
  api = "";
  url = "";

  async start(speed = 60): Promise<void> {
    const [sandboxPort, apiPort, webPort] = await Promise.all([freePort(), freePort(), freePort()]);
    this.sandbox = `http://127.0.0.1:${sandboxPort}`;
    this.api = `http://127.0.0.1:${apiPort}`;
    this.url = `http://127.0.0.1:${webPort}`;
    this.run("sandbox", PYTHON, [
      ...["-m", "kalshi_edge", "sandbox", "run", "--seed", "1", "--speed", String(speed)],
      ...["--start", "2027-04-12T14:20", "--port", String(sandboxPort)],
    ]);
    await answering(`${this.sandbox}/control/state`);
    await this.openAccount();
    await this.startTrader();
    await this.startWeb(webPort);
  }

  async startWeb(port: number, more: Record<string, string> = {}): Promise<string> {
    this.run(`web-${port}`, process.execPath, [SERVER], {
      PORT: String(port),
      HOSTNAME: "127.0.0.1",
      API_URL: this.api,
      API_SECRET_KEY: API_KEY,
      DASHBOARD_PASSWORD: PASSWORD,
      ...more,
    });
    await answering(`http://127.0.0.1:${port}/healthz`);
    return `http://127.0.0.1:${port}`;
  }

  async startTrader(): Promise<void> {
    this.trader = this.run("trader", PYTHON, ["-m", "kalshi_edge", "run"], {
      TRADING_MODE: "demo",
      SANDBOX_URL: this.sandbox,
      KALSHI_KEY_ID: this.keyId,
      KALSHI_PRIVATE_KEY_PEM: String(this.privateKey.export({ type: "pkcs8", format: "pem" })),
      STORE_PATH: join(this.folder, "trader.db"),
      API_PORT: new URL(this.api).port,
      API_SECRET_KEY: API_KEY,
      FRONTEND_URL: this.url,
    });
    await answering(`${this.api}/api/risk/status`, { "X-API-Key": API_KEY });
  }

  /** As abruptly as a power cut. */
  async killTrader(): Promise<void> {
    const { trader } = this;
    if (trader === null) return;
    const over = new Promise((resolve) => trader.once("exit", resolve));
    trader.kill("SIGKILL");
    await over;
    this.trader = null;
  }

  /** The response of the trader's API. */
  async ask<T>(path: string): Promise<T> {
    const answer = await fetch(`${this.api}${path}`, { headers: { "X-API-Key": API_KEY } });
    if (!answer.ok) throw new Error(`${path}: ${answer.status}`);
    return (await answer.json()) as T;
  }

  /** The positions of our account according to the exchange, by market. */
  async held(): Promise<Record<string, number>> {
    const path = "/trade-api/v2/portfolio/positions";
    const now = String(Date.now());
    const signature = sign(null, Buffer.from(`${now}GET${path}`), this.privateKey);
    const answer = await fetch(`${this.sandbox}${path}`, {
      headers: {
        "KALSHI-ACCESS-KEY": this.keyId,
        "KALSHI-ACCESS-TIMESTAMP": now,
        "KALSHI-ACCESS-SIGNATURE": signature.toString("base64"),
      },
    });
    const { market_positions } = (await answer.json()) as {
      market_positions: { ticker: string; position_fp: string }[];
    };
    return Object.fromEntries(market_positions.map((one) => [one.ticker, Number(one.position_fp)]));
  }

  /** Injects a fault at the exchange, or ends it. */
  async control(path: string, body: object): Promise<void> {
    const answer = await fetch(`${this.sandbox}/control/${path}`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(body),
    });
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
  }

  async stop(): Promise<void> {
    await Promise.all(
      this.processes.map(
        (one) =>
          new Promise((resolve) => {
            if (one.exitCode !== null || one.signalCode !== null) return resolve(null);
            one.once("exit", resolve);
            one.kill("SIGTERM");
            setTimeout(() => one.kill("SIGKILL"), 8_000).unref();
          }),
      ),
    );
    rmSync(this.folder, { recursive: true, force: true });
  }

  private async openAccount(): Promise<void> {
    const pair = generateKeyPairSync("ed25519");
    this.privateKey = pair.privateKey;
    const answer = await fetch(`${this.sandbox}/control/accounts`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({
        public_key: pair.publicKey.export({ type: "spki", format: "pem" }),
        balance: "1000",
        name: "e2e",
      }),
    });
    this.keyId = ((await answer.json()) as { key_id: string }).key_id;
  }

  private run(
    name: string,
    command: string,
    options: string[],
    environment: Record<string, string> = {},
  ): ChildProcess {
    const log = openSync(join(this.folder, `${name}.log`), "a");
    const { PATH = "", HOME = "" } = process.env;
    const started = spawn(command, options, {
      cwd: this.folder,
      env: { PATH, HOME, NODE_ENV: "production", PYTHONPATH: ROOT, ...environment },
      stdio: ["ignore", log, log],
    });
    this.processes.push(started);
    return started;
  }
}

export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      if (address === null || typeof address === "string") return reject(new Error("no port"));
      server.close(() => resolve(address.port));
    });
  });
}

async function answering(url: string, headers: Record<string, string> = {}): Promise<void> {
  const giveUp = Date.now() + START_WITHIN_MS;
  while (Date.now() < giveUp) {
    const answer = await fetch(url, { headers }).catch(() => null);
    if (answer?.ok) return;
    await new Promise((resolve) => setTimeout(resolve, 150));
  }
  throw new Error(`${url} did not answer within ${START_WITHIN_MS} ms`);
}

/** One stack for all tests: each continues from the state that the one before left. */
// biome-ignore lint/complexity/noBannedTypes: Playwright's own way to say that there are none
export const test = base.extend<{}, { stack: Stack }>({
  stack: [
    // biome-ignore lint/correctness/noEmptyPattern: Playwright reads the names of the fixtures from here
    async ({}, use) => {
      const stack = new Stack();
      try {
        await stack.start();
        await use(stack);
      } finally {
        await stack.stop();
      }
    },
    { scope: "worker", timeout: 180_000 },
  ],
});

export { expect } from "@playwright/test";
