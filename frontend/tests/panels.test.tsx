// @vitest-environment happy-dom
import { fireEvent, screen } from "@testing-library/react";
import { describe, expect, it, vi } from "vitest";
import { Activity } from "@/components/panels/activity";
import { ContractRuleChanges } from "@/components/panels/contract-rules";
import { Forecasts } from "@/components/panels/forecasts";
import { Ladder } from "@/components/panels/ladder";
import { Positions } from "@/components/panels/positions";
import { Risk } from "@/components/panels/risk";
import { Scanner } from "@/components/panels/scanner";
import { StatCards } from "@/components/panels/stat-cards";
import { Trades } from "@/components/panels/trades";
import { WorkingOrders } from "@/components/panels/working-orders";
import { StatusBar } from "@/components/status-bar";
import type { Schemas } from "@/lib/types";
import { empty, held, terms, update } from "./answers";
import {
  currentServer,
  eventually,
  findPanel,
  first,
  panel,
  receive,
  rows,
  show,
} from "./live-page";

function open(row: HTMLElement): void {
  const details = row.querySelector("details");
  if (details === null) throw new Error("nothing to open");
  details.open = true;
  fireEvent(details, new Event("toggle"));
}

describe("an account with positions", () => {
  it("shows what selling the position into the book would bring now", () => {
    receive(held);
    show(<Positions />);
    const row = first(rows("Open positions"));
    expect(row).toContain("NYC 54–55°");
    expect(row).toContain("25¢45¢");
    expect(row).toContain("$40.25"); // 5 at 45 ¢ and 95 at 40 ¢
    expect(row).toContain("+$13.94");
  });

  it("follows an update of the balance", () => {
    receive(held);
    show(<StatCards />);
    expect(panel("Account").textContent).toContain("$1,013.94");
    receive(update(held.n + 1, { balance: { ...held.state.balance, equity: "1234.5" } }));
    expect(panel("Account").textContent).toContain("$1,234.50");
  });

  it("takes a newer quote into the ladder", async () => {
    receive(held);
    show(<Ladder city="NYC" />);
    const row = () => rows("Ladder KXHIGHNY-26NOV22").find((one) => one.includes("54–55°"));
    await eventually(row);
    const [ticker, quote] = first(Object.entries(held.state.prices));
    receive(update(held.n + 1, { prices: { [ticker]: { ...quote, bid: "0.61", ask: null } } }));
    expect(row()).toMatch(/61¢—/); // the ask that is gone is a dash, not the old one
  });

  it("says why an opportunity was refused, with every figure and limit", () => {
    receive(held);
    show(<Scanner />);
    const refused = first(held.state.scanner.singles);
    expect(refused.is_approved).toBe(false);
    const row = first([...panel("Opportunity scanner").querySelectorAll("li")]);
    open(row);
    const text = row.textContent ?? "";
    for (const check of refused.gates.filter((one) => !one.passed)) {
      expect(text).toContain(check.rule.replaceAll("_", " "));
      expect(text).toContain(check.limit);
    }
  });

  it("lists trades newest first, and leaves manual sales out of the tally", () => {
    const trade = first(held.state.trades);
    const trades = [
      { ...trade, trade_id: "new", bin: "newest", pnl: "-3", closed_at: trade.opened_at },
      { ...trade, trade_id: "manual", bin: "middle", pnl: "9", by_hand: true },
      { ...trade, trade_id: "old", bin: "oldest", pnl: "4" },
    ];
    receive(held, update(held.n + 1, { trades }));
    show(<Trades />);
    const order = rows("Last trades").map((row) => /newest|middle|oldest/.exec(row)?.[0]);
    expect(order).toEqual(["newest", "middle", "oldest"]);
    expect(panel("Last 50 trades").textContent).toContain("1 won, 1 lost, n = 2");
  });

  it("says that it is SYNTHETIC and on paper", () => {
    receive(held);
    show(<StatusBar />);
    expect(screen.getByText("PAPER")).toBeTruthy();
    expect(screen.getByText("SYNTHETIC")).toBeTruthy();
  });
});

describe("the states of a panel", () => {
  it.each([
    ["Open positions", "No open positions.", <Positions key="" />],
    ["Opportunity scanner", "No cycle has run yet.", <Scanner key="" />],
    ["City forecasts", "No forecast yet", <Forecasts key="" city={null} onChoose={vi.fn()} />],
    ["Last 50 trades", "No trades yet.", <Trades key="" />],
    ["Activity", "No activity yet.", <Activity key="" />],
  ])("empty: %s says %s", (title, sentence, component) => {
    receive(empty);
    show(component);
    expect(panel(title).textContent).toContain(sentence);
  });

  it("empty: without a working order there is no panel", () => {
    receive(empty);
    show(<WorkingOrders />);
    expect(document.querySelector("section")).toBeNull();
  });

  it("error: a panel without data says why", async () => {
    currentServer().answers["/backend/api/markets/NYC"] = () =>
      Response.json({ detail: "the exchange is closed" }, { status: 503 });
    receive(held);
    show(<Ladder city="NYC" />);
    const alert = await eventually(() => document.querySelector("[role=alert]"));
    expect(alert.textContent).toBe("the exchange is closed");
  });

  it("halted: the switch says why, since when and until when", () => {
    const { risk } = held.state;
    const tripped = {
      ...risk.switch,
      state: "halt",
      is_halted: true,
      reason: "day loss $51.20 reached $50.00",
      until_at: "2026-11-22T00:00:00Z",
    } as Schemas["SwitchView"];
    receive(held, update(held.n + 1, { risk: { ...risk, switch: tripped } }));
    show(<Risk />);
    const text = panel("Risk").textContent ?? "";
    expect(text).toContain("HALT");
    expect(text).toContain("day loss $51.20 reached $50.00");
    expect(screen.getByText("Resume trading")).toBeTruthy();
  });

  it("contract rule changes wait in a panel of their own until they are accepted", async () => {
    const changed = { ...first(terms.series), accepted: false, source: "Another Office" };
    currentServer().answers["/backend/api/terms"] = () => Response.json({ series: [changed] });
    receive(held);
    show(<ContractRuleChanges />);
    const shown = await eventually(() => findPanel("Contract rule changes"));
    expect(shown.textContent).toContain("Another Office");
  });
});
