import { act, cleanup, render, screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { SWRConfig } from "swr";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Dashboard } from "@/components/dashboard";
import { dispatch } from "@/lib/live/store";
import type { LiveMessage, Schemas } from "@/lib/types";
import { empty, held, preview, Server, terms, update } from "./answers";

/** The whole dashboard on what the bot really answers; only the network is ours. */

const server = vi.hoisted(() => ({ current: null as null | { fetch: typeof fetch } }));
vi.hoisted(() => {
  // openapi-fetch keeps the fetch that there is when it is loaded.
  globalThis.fetch = (input, init) =>
    server.current?.fetch(input, init) ?? Promise.reject(new Error("offline"));
});

const NOW = Date.parse("2026-11-21T20:01:05Z");
let net: Server;

beforeEach(() => {
  vi.useFakeTimers({ now: NOW, shouldAdvanceTime: true });
  net = new Server();
  server.current = net as unknown as { fetch: typeof fetch };
});

afterEach(() => {
  cleanup();
  vi.useRealTimers();
});

const tell = (...messages: LiveMessage[]) =>
  act(async () => {
    for (const message of messages) dispatch({ type: "message", message, local_ms: Date.now() });
    await vi.advanceTimersByTimeAsync(50);
  });

async function shown(snapshot: Schemas["Snapshot"]): Promise<void> {
  render(
    <SWRConfig value={{ provider: () => new Map(), dedupingInterval: 0 }}>
      <Dashboard sessionEndsAt_ms={NOW + 3_600_000} />
    </SWRConfig>,
  );
  await tell(snapshot);
}

const panel = (title: RegExp) => screen.getByRole("region", { name: title });
const table = (name: string) => screen.getByRole("region", { name: `${name}, table` });
const lines = (name: string) =>
  within(table(name))
    .getAllByRole("row")
    .slice(1)
    .map((row) => row.textContent ?? "");
const user = () => userEvent.setup({ advanceTimers: vi.advanceTimersByTime });

// First in this file: the page's one store has heard nothing yet.
it("before the first word no figure is shown", async () => {
  render(<Dashboard sessionEndsAt_ms={NOW + 3_600_000} />);
  const account = panel(/^The account$/).textContent ?? "";
  expect(account).toContain("—");
  expect(account).not.toMatch(/\$/);
  expect(panel(/^Open positions$/).textContent).not.toContain("Nothing is held.");
  expect(screen.getByText("Connecting")).toBeTruthy();
});

describe("an account that holds something", () => {
  it("shows what selling it would fetch now, as the book pays it", async () => {
    await shown(held);
    const [line] = lines("Open positions");
    expect(line).toContain("NYC 54–55°");
    expect(line).toContain("25¢45¢");
    expect(line).toContain("$40.25"); // 5 at 45 ¢ and 95 at 40 ¢
    expect(line).toContain("+$13.94");
    expect(panel(/^The account$/).textContent).toContain("$1,013.94");
  });

  it("follows an update, and a price of the wire in the ladder", async () => {
    await shown(held);
    const { balance, prices } = held.state;
    const ticker = Object.keys(prices)[0] ?? "";
    const quote = prices[ticker];
    if (quote === undefined) throw new Error("no quote in the fixture");
    await tell(
      update(held.n + 1, {
        balance: { ...balance, equity: "1234.5" },
        prices: { [ticker]: { ...quote, bid: "0.61", ask: null } },
      }),
    );
    expect(panel(/^The account$/).textContent).toContain("$1,234.50");
    const row = lines("Ladder KXHIGHNY-26NOV22").find((line) => line.includes("54–55°"));
    expect(row).toMatch(/61¢—/); // the ask that is gone is a dash, not the old one
  });

  it("says why an opportunity was refused, with every figure and limit", async () => {
    await shown(held);
    const [first] = held.state.scanner.singles;
    if (first === undefined) throw new Error("no opportunity in the fixture");
    expect(first.is_approved).toBe(false);
    const text = panel(/^Opportunity scanner/).textContent ?? "";
    for (const gate of first.gates.filter((one) => !one.passed)) {
      expect(text).toContain(gate.rule.replaceAll("_", " "));
      expect(text).toContain(gate.limit);
    }
  });

  it("lists trades with the newest first, and leaves what a person sold out of the tally", async () => {
    await shown(held);
    const [trade] = held.state.trades;
    if (trade === undefined) throw new Error("no trade in the fixture");
    const trades = [
      { ...trade, trade_id: "new", bin: "newest", pnl: "-3", closed_at: trade.opened_at },
      { ...trade, trade_id: "hand", bin: "middle", pnl: "9", by_hand: true },
      { ...trade, trade_id: "old", bin: "oldest", pnl: "4" },
    ];
    await tell(update(held.n + 1, { trades }));
    const order = lines("Last trades").map((line) => /newest|middle|oldest/.exec(line)?.[0]);
    expect(order).toEqual(["newest", "middle", "oldest"]);
    expect(panel(/^Last 50 trades/).textContent).toContain("1 won, 1 lost, n = 2");
  });

  it("says that it is SYNTHETIC and on paper", async () => {
    await shown(held);
    expect(screen.getByText("PAPER")).toBeTruthy();
    expect(screen.getByText("SYNTHETIC")).toBeTruthy();
  });
});

describe("the states of a panel", () => {
  it("empty: each says so in a sentence", async () => {
    await shown(empty);
    expect(panel(/^Open positions$/).textContent).toContain("Nothing is held.");
    expect(panel(/^Opportunity scanner/).textContent).toContain("No cycle has run yet.");
    expect(panel(/^City forecasts/).textContent).toContain("No forecast yet");
    expect(panel(/^Last 50 trades/).textContent).toContain("No trade yet.");
    expect(panel(/^What happened/).textContent).toContain("Nothing has happened yet.");
    expect(screen.queryByRole("region", { name: /^Orders under way$/ })).toBeNull();
  });

  it("stale: after a silence nothing passes for current", async () => {
    await shown(held);
    expect(panel(/^Open positions$/).hasAttribute("data-stale")).toBe(false);
    await act(() => vi.advanceTimersByTimeAsync(20_000));
    expect(panel(/^Open positions$/).hasAttribute("data-stale")).toBe(true);
    expect(screen.getByText("No word from the bot")).toBeTruthy();
    await tell({ type: "heartbeat", n: held.n, at: "2026-11-21T20:01:30Z" });
    expect(panel(/^Open positions$/).hasAttribute("data-stale")).toBe(false);
  });

  it("a problem: a panel that could not ask says what it was told", async () => {
    net.answers["/backend/api/markets/NYC"] = () =>
      Response.json({ detail: "the exchange is closed" }, { status: 503 });
    await shown(held);
    await act(() => vi.advanceTimersByTimeAsync(100));
    expect(panel(/^Ladder/).textContent).toContain("the exchange is closed");
  });

  it("halted: the switch says why, since when and until when", async () => {
    await shown(held);
    const { risk } = held.state;
    const tripped = {
      ...risk.switch,
      state: "halt",
      is_halted: true,
      reason: "day loss $51.20 reached $50.00",
      until_at: "2026-11-22T00:00:00Z",
    };
    await tell(update(held.n + 1, { risk: { ...risk, switch: tripped as Schemas["SwitchView"] } }));
    const text = panel(/^Risk$/).textContent ?? "";
    expect(text).toContain("HALT");
    expect(text).toContain("day loss $51.20 reached $50.00");
    expect(screen.getByRole("button", { name: "Resume trading" })).toBeTruthy();
  });

  it("rules that changed wait for a person, in a panel of their own", async () => {
    const [one] = terms.series;
    if (one === undefined) throw new Error("no terms in the fixture");
    net.answers["/backend/api/terms"] = () =>
      Response.json({ series: [{ ...one, accepted: false, source: "Another Office" }] });
    await shown(held);
    await act(() => vi.advanceTimersByTimeAsync(100));
    expect(panel(/^Rules that changed/).textContent).toContain("Another Office");
  });
});

describe("closing a position", () => {
  const outcome = {
    command_id: "k",
    is_settled: true,
    is_refused: false,
    seq: 9,
    text: "sold 40 at 40.0¢",
    gates: [],
    trades: [],
  };
  const sell = "/backend/api/positions/";

  beforeEach(() => {
    net.answers[sell] = (call) =>
      Response.json(call.method === "GET" ? preview : { ...outcome, orders: [] });
  });

  async function opened() {
    await shown(held);
    const who = user();
    await who.click(screen.getByRole("button", { name: "Close NYC 54–55°" }));
    return who;
  }

  it("previews the book's own figures and sells a part once, however often it is clicked", async () => {
    const who = await opened();
    const dialog = screen.getByRole("dialog");
    await act(() => vi.advanceTimersByTimeAsync(100));
    expect(dialog.textContent).toContain("100 of 100 at 40.25¢"); // 5 at 45 ¢ and 95 at 40 ¢
    const count = within(dialog).getByLabelText("Contracts");
    await who.clear(count);
    await who.type(count, "40");
    await who.dblClick(within(dialog).getByRole("button", { name: "Sell at this limit" }));
    await act(() => vi.advanceTimersByTimeAsync(100));
    const sales = net.calls.filter((call) => call.method === "POST" && call.path.includes("/sell"));
    expect(sales).toHaveLength(1);
    expect(sales[0]?.key).toMatch(/[0-9a-f-]{36}/);
    expect(JSON.parse(sales[0]?.body ?? "{}")).toMatchObject({ count: "40" });
    expect(within(dialog).getByRole("status").textContent).toContain("sold 40");
  });

  it("refuses what the book could never take, before anything is sent", async () => {
    const who = await opened();
    const dialog = screen.getByRole("dialog");
    const limit = within(dialog).getByLabelText("Limit, dollars a contract");
    await who.clear(limit);
    await who.type(limit, "1.20");
    expect(limit.getAttribute("aria-invalid")).toBe("true");
    const button = within(dialog).getByRole("button", { name: "Sell at this limit" });
    expect(button.hasAttribute("disabled")).toBe(true);
  });

  it("asks for the typed word where real money follows, and for none on paper", async () => {
    const who = await opened();
    const dialog = screen.getByRole("dialog");
    const button = () => within(dialog).getByRole("button", { name: "Sell at this limit" });
    expect(within(dialog).queryByLabelText(/Real money/)).toBeNull();
    expect(button().hasAttribute("disabled")).toBe(false);
    await tell(update(held.n + 1, { health: { ...held.state.health, mode: "live" } }));
    expect(button().hasAttribute("disabled")).toBe(true);
    await who.type(within(dialog).getByLabelText(/Real money/), "LIVE");
    expect(button().hasAttribute("disabled")).toBe(false);
  });

  it("says that a quick sell has nothing to take where all has filled", async () => {
    const who = await opened();
    await who.click(screen.getByRole("tab", { name: "Quick sell" }));
    expect(screen.getByRole("dialog").textContent).toContain("Nothing of this trade rests");
  });
});
