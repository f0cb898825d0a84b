import { describe, expect, it } from "vitest";
import type { LiveMessage, LiveState, Schemas } from "../types";
import { isStale, KEPT_ACTIVITY, reduced, STALE_AFTER_MS, START, type View } from "./reducer";

const LOCAL = 1_000_000;
const at = (second: number) => new Date(Date.UTC(2026, 10, 25, 12, 0, second)).toISOString();

const balance = (equity: string, second = 0) => ({ at: at(second), equity }) as Schemas["Balance"];
const item = (seq: number) => ({ seq, text: `line ${seq}` }) as Schemas["ActivityItem"];
const quote = (bid: string) => ({ bid }) as Schemas["Quote"];

const STATE = {
  balance: balance("1000"),
  orders: [],
  trades: [],
  prices: { A: quote("0.10"), B: quote("0.20") },
  activity: [item(1)],
  equity: [],
} as unknown as LiveState;

const snapshot = (n: number, state = STATE): LiveMessage => ({
  type: "snapshot",
  stream: "s",
  n,
  state,
});
const update = (n: number, changes: Partial<Schemas["LiveChanges"]>): LiveMessage => ({
  type: "update",
  n,
  changes: changes as Schemas["LiveChanges"],
});

const viewAfter = (view: View, ...messages: LiveMessage[]): View =>
  messages.reduce(
    (before, message) => reduced(before, { type: "message", message, local_ms: LOCAL }),
    view,
  );

describe("messages in order", () => {
  it("a snapshot replaces everything", () => {
    const view = viewAfter(START, snapshot(7), snapshot(3, { ...STATE, activity: [] }));
    expect(view).toMatchObject({ stream: "s", n: 3, isGapped: false });
    expect(view.state?.activity).toEqual([]);
  });

  it("an update replaces its topics and leaves the others the same objects", () => {
    const before = viewAfter(START, snapshot(7));
    const view = viewAfter(before, update(8, { balance: balance("1001"), orders: null }));
    expect(view.n).toBe(8);
    expect(view.state?.balance.equity).toBe("1001");
    expect(view.state?.orders).toBe(before.state?.orders);
    expect(view.state?.prices).toBe(before.state?.prices);
  });

  it("prices are merged; activity and equity are appended up to a limit", () => {
    const many = Array.from({ length: KEPT_ACTIVITY }, (_, n) => item(n + 2));
    const view = viewAfter(
      START,
      snapshot(1),
      update(2, { prices: { B: quote("0.25") }, activity: many }),
    );
    expect(view.state?.prices).toEqual({ A: quote("0.10"), B: quote("0.25") });
    expect(view.state?.activity).toHaveLength(KEPT_ACTIVITY);
    expect(view.state?.activity.at(-1)?.seq).toBe(KEPT_ACTIVITY + 1);
  });

  it("a heartbeat changes nothing but the clock", () => {
    const before = viewAfter(START, snapshot(7));
    const view = viewAfter(before, { type: "heartbeat", n: 7, at: at(30) });
    expect(view.state).toBe(before.state);
    expect(view.clock?.server_ms).toBe(Date.parse(at(30)));
  });

  it("a resumed stream continues", () => {
    const view = viewAfter(
      START,
      snapshot(7),
      { type: "resumed", stream: "s", n: 7 },
      update(8, {}),
    );
    expect(view).toMatchObject({ n: 8, isGapped: false });
  });
});

describe("messages out of order", () => {
  it("a duplicate or an older one is applied once", () => {
    const once = viewAfter(START, snapshot(7), update(8, { activity: [item(2)] }), update(9, {}));
    const twice = viewAfter(once, update(8, { activity: [item(2)] }), update(9, {}), {
      type: "heartbeat",
      n: 8,
      at: at(1),
    });
    expect(twice).toEqual(once);
  });

  it.each<[string, LiveMessage]>([
    ["an update", update(9, { balance: balance("1") })],
    ["a heartbeat", { type: "heartbeat", n: 8, at: at(1) }],
    ["a resumption elsewhere", { type: "resumed", stream: "s", n: 8 }],
    ["another process", { type: "resumed", stream: "t", n: 7 }],
  ])("%s past the next is a gap: nothing is applied until a snapshot", (_, message) => {
    const before = viewAfter(START, snapshot(7));
    const gapped = viewAfter(before, message);
    expect(gapped.isGapped).toBe(true);
    expect(gapped.state).toBe(before.state);
    expect(viewAfter(gapped, update(8, { balance: balance("1") })).state).toBe(before.state);
    expect(viewAfter(gapped, snapshot(9))).toMatchObject({ n: 9, isGapped: false });
  });

  it("without a snapshot there is nothing to update", () => {
    expect(viewAfter(START, update(1, {})).isGapped).toBe(true);
  });
});

it("after a snapshot polled during a resumption the older updates are duplicates", () => {
  const view = viewAfter(
    START,
    snapshot(7),
    snapshot(9, { ...STATE, activity: [item(1), item(8), item(9)] }),
    { type: "resumed", stream: "s", n: 7 },
    update(8, { activity: [item(8)] }),
    update(9, { activity: [item(9)] }),
    update(10, { activity: [item(10)] }),
  );
  expect(view).toMatchObject({ n: 10, isGapped: false });
  expect(view.state?.activity.map(({ seq }) => seq)).toEqual([1, 8, 9, 10]);
});

it("data is stale beyond the limit, not at it, and before the first message", () => {
  const view = viewAfter(START, snapshot(7));
  expect(isStale(START, LOCAL)).toBe(true);
  expect(isStale(view, LOCAL + STALE_AFTER_MS)).toBe(false);
  expect(isStale(view, LOCAL + STALE_AFTER_MS + 1)).toBe(true);
});

it("any order of duplicated updates ends in the state of the clean order or in a gap", () => {
  const updates = [8, 9, 10].map((n) =>
    update(n, { balance: balance(`${n}`), activity: [item(n)] }),
  );
  const clean = viewAfter(START, snapshot(7), ...updates);
  for (const order of orders([...updates, ...updates])) {
    const view = viewAfter(START, snapshot(7), ...order);
    if (!view.isGapped) expect(view).toEqual(clean);
    expect(view.state?.activity.map(({ seq }) => seq)).toEqual(
      clean.state?.activity.slice(0, view.state?.activity.length).map(({ seq }) => seq),
    );
  }
});

function orders<T>(items: T[]): T[][] {
  if (items.length <= 1) return [items];
  return items.flatMap((chosen, index) =>
    orders(items.toSpliced(index, 1)).map((rest) => [chosen, ...rest]),
  );
}
