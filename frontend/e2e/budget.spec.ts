import { gzipSync } from "node:zlib";
import type { CDPSession } from "@playwright/test";
import type { LiveMessage, Schemas } from "../lib/types";
import { logIn } from "./page-actions";
import { expect, test } from "./stack";

/** Measures what the dashboard costs: `npm run budget`. Sizes and growth have limits, times do not. */

const FIRST_LOAD_LIMIT_KB = 400;
const LOADS = 7;
const DAY = { cycles: 48, updatesPerCycle: 18_000 };
const SLICES = 8;
const GROWTH_LIMIT = 1.1;

declare global {
  interface Window {
    firstFigure_ms?: number;
    receive?: (message: LiveMessage) => void;
    play?: (cycles: number, updates: number) => Promise<void>;
  }
}

test("first load: the JavaScript needed before the dashboard shows anything", async ({
  page,
  stack,
}) => {
  await logIn(page, stack.url);
  const scripts: Promise<Buffer>[] = [];
  page.on("response", (response) => {
    if (response.request().resourceType() === "script") scripts.push(response.body());
  });
  await page.reload({ waitUntil: "networkidle" });
  const bodies = await Promise.all(scripts);
  const whole = total(bodies.map((body) => body.length));
  const sent = total(bodies.map((body) => gzipSync(body).length));
  console.log(
    `first load: ${scripts.length} scripts, ${kb(sent)} kB in gzip (${kb(whole)} kB unpacked);` +
      ` limit ${FIRST_LOAD_LIMIT_KB} kB`,
  );
  expect(scripts.length).toBeGreaterThan(0);
  expect(sent / 1000).toBeLessThan(FIRST_LOAD_LIMIT_KB);
});

test("time from opening the page to the first live figure, on loopback", async ({
  page,
  stack,
}) => {
  await page.addInitScript(() => {
    const check = () => {
      const figure = document.querySelector("[aria-label='Account'] p")?.textContent ?? "";
      if (/\$\d/.test(figure)) window.firstFigure_ms = performance.now();
      else requestAnimationFrame(check);
    };
    requestAnimationFrame(check);
  });
  await logIn(page, stack.url);
  const times: number[] = [];
  for (let n = 0; n < LOADS; n += 1) {
    await page.reload();
    await page.waitForFunction(() => window.firstFigure_ms !== undefined);
    times.push(await page.evaluate(() => window.firstFigure_ms ?? Number.NaN));
  }
  const sorted = times.toSorted((a, b) => a - b).map(Math.round);
  console.log(
    `first live figure: median ${sorted[Math.floor(LOADS / 2)]} ms, ${sorted[0]} to` +
      ` ${sorted.at(-1)} ms in ${LOADS} loads`,
  );
});

test("a day of cycles and ten price updates a second grows no memory", async ({ page, stack }) => {
  test.setTimeout(15 * 60_000);
  await page.addInitScript(playedDay);
  await logIn(page, stack.url);
  await expect(page.getByRole("status").first()).toHaveText("Live");
  const session = await page.context().newCDPSession(page);
  await session.send("Performance.enable");
  const seen: HeapUse[] = [];
  for (let slice = 0; slice < SLICES; slice += 1) {
    await page.evaluate(([cycles, updates]) => window.play?.(cycles, updates), [
      DAY.cycles / SLICES,
      DAY.updatesPerCycle,
    ] as const);
    seen.push(await heapUse(session));
    await expect(page.getByRole("status").first()).toHaveText("Live");
  }
  const summary = seen.map(({ heap, nodes }) => `${(heap / 1e6).toFixed(1)} MB/${nodes}`);
  console.log(
    `a day, ${DAY.cycles * DAY.updatesPerCycle} price updates and ${DAY.cycles} cycles:` +
      ` heap/DOM nodes after each eighth: ${summary.join(", ")}`,
  );
  const [first, last] = [seen[0], seen.at(-1)];
  expect(first).toBeDefined();
  if (first === undefined || last === undefined) return;
  expect(last.heap).toBeLessThan(first.heap * GROWTH_LIMIT);
  expect(last.nodes).toBeLessThan(first.nodes * GROWTH_LIMIT);
});

interface HeapUse {
  heap: number;
  nodes: number;
}

async function heapUse(session: CDPSession): Promise<HeapUse> {
  for (let n = 0; n < 3; n += 1) await session.send("HeapProfiler.collectGarbage");
  const { metrics } = await session.send("Performance.getMetrics");
  const value = (name: string) => metrics.find((one) => one.name === name)?.value ?? Number.NaN;
  return { heap: value("JSHeapUsedSize"), nodes: value("Nodes") };
}

/**
 * In the page: the trader's own snapshot, then updates as the trader would send them, as fast as the
 * page processes them. Fifty arrive in one task, as from a socket whose reader was busy.
 */
function playedDay(): void {
  const IN_ONE_TASK = 50;
  const Socket = window.WebSocket;
  let state: Schemas["LiveState"];
  let n = 0;
  let clock_ms = 0;

  class Played {
    onmessage: ((event: { data: string }) => void) | null = null;
    onclose: (() => void) | null = null;
    constructor(url: string, protocols: string[]) {
      // biome-ignore lint/correctness/noConstructorReturn: all other sockets are real
      if (!url.includes("/ws/live")) return new Socket(url, protocols) as unknown as Played;
      void this.begin();
    }
    async begin(): Promise<void> {
      const snapshot = (await (await fetch("/backend/api/live")).json()) as Schemas["Snapshot"];
      ({ state, n } = snapshot);
      clock_ms = Date.parse(state.health.at);
      window.receive = (message) => this.onmessage?.({ data: JSON.stringify(message) });
      window.receive(snapshot);
    }
    close(): void {}
    send(): void {}
  }
  window.WebSocket = Played as unknown as typeof WebSocket;

  const at = () => new Date(clock_ms).toISOString();
  const update = (changes: Partial<Schemas["LiveChanges"]>) => {
    n += 1;
    window.receive?.({ type: "update", n, changes } as LiveMessage);
  };
  const price = () => {
    const tickers = Object.keys(state.prices);
    const ticker = tickers[n % tickers.length] ?? "";
    const bid = 1 + (n % 90);
    const cents = (value: number) => `0.${String(value).padStart(2, "0")}`;
    update({
      prices: {
        [ticker]: {
          bid: cents(bid),
          bid_count: String(1 + (n % 300)),
          ask: cents(bid + 2),
          ask_count: "40",
          book_at: at(),
        },
      },
    });
    clock_ms += 100;
  };
  const cycle = () => {
    const [activity] = state.activity;
    const [point] = state.equity;
    update({
      health: { ...state.health, at: at() },
      balance: { ...state.balance, at: at() },
      positions: { ...state.positions, at: at() },
      risk: { ...state.risk, at: at() },
      scanner: structuredClone(state.scanner),
      forecasts: structuredClone(state.forecasts),
      ...(activity === undefined
        ? {}
        : { activity: [{ ...activity, at: at(), seq: activity.seq + n }] }),
      ...(point === undefined ? {} : { equity: [{ ...point, at: at() }] }),
    });
  };
  window.play = async (cycles, updates) => {
    for (let one = 0; one < cycles; one += 1) {
      cycle();
      for (let done = 0; done < updates; done += IN_ONE_TASK) {
        for (let k = 0; k < IN_ONE_TASK; k += 1) price();
        await new Promise((resolve) => setTimeout(resolve, 0));
      }
    }
  };
}

const total = (numbers: number[]) => numbers.reduce((sum, one) => sum + one, 0);
const kb = (bytes: number) => (bytes / 1000).toFixed(0);
