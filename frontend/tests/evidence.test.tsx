// @vitest-environment happy-dom
import { fireEvent } from "@testing-library/react";
import { describe, expect, it } from "vitest";
import { ModelProbabilities } from "@/components/model-probabilities";
import { Evidence } from "@/components/panels/evidence";
import { Ladder } from "@/components/panels/ladder";
import { eValue } from "@/lib/format";
import type { Schemas } from "@/lib/types";
import { coherent, evidence, held, update } from "./answers";
import { currentServer, eventually, first, panel, receive, rows, show } from "./live-page";

const TRADED = "Evidence Single bins · Seed · live";

const cells = evidence.by_cell.filter((one) => one.is_traded && one.strategy === "single");
const counted = first(cells.filter((one) => one.ladders > 0));

/** Responds with the fixture's evidence, each cell changed as a test needs it. */
function answer(change: (cell: Schemas["CellView"]) => Partial<Schemas["CellView"]>): void {
  const by_cell = evidence.by_cell.map((cell) => ({ ...cell, ...change(cell) }));
  currentServer().answers["/backend/api/evidence"] = () => Response.json({ ...evidence, by_cell });
}

async function shown(): Promise<HTMLElement> {
  receive(held);
  show(<Evidence />);
  await eventually(() => document.querySelector("details"));
  return panel("Evidence");
}

describe("the evidence of every cell", () => {
  it("shows E-values with their thresholds, how many ladders and decisions, and what is wanting", async () => {
    await shown();
    const row = first(rows(TRADED));
    expect(row).toContain(`NYC ${counted.lead}`);
    expect(row).toContain(`${eValue(counted.skill_e)} of 20`);
    expect(row).toContain(`${eValue(counted.money_e)} of ${Math.round(counted.money_needed)}`);
    expect(row).toContain(`${counted.ladders}${counted.decisions}`);
    expect(row).toContain(counted.wanting);
    expect(row).toContain("not open");
    expect(row).toContain("one contract");
  });

  it("says what an E-value means, and that paper is no evidence for live money", async () => {
    const text = (await shown()).textContent ?? "";
    expect(text).toContain(evidence.text);
    expect(text).toContain("at most one history in twenty");
    expect(text).toContain("no evidence for live money");
    expect(text).toContain("SYNTHETIC");
  });

  it("groups by strategy, model and money; a group that is not traded opens on request", async () => {
    await shown();
    const groups = [...document.querySelectorAll("details")];
    const names = groups.map((one) => one.querySelector("summary")?.textContent ?? "");
    expect(names).toHaveLength(6);
    expect(names.filter((name) => name.includes("traded"))).toHaveLength(2);
    const emos = groups.find((one) => one.textContent?.includes("Single bins · EMOS · paper"));
    if (emos === undefined) throw new Error(`no group of EMOS in ${names}`);
    expect(emos.querySelector("table")).toBeNull();
    emos.open = true;
    fireEvent(emos, new Event("toggle"));
    expect(rows("Evidence Single bins · EMOS · paper")).toHaveLength(1);
    expect(emos.textContent).toContain("3 cells have no settled ladder yet.");
  });

  it("describes each sparkline in words, with its threshold", async () => {
    const [skill, money] = [...(await shown()).querySelectorAll("svg")].slice(-2);
    const last = counted.series.skill_e.at(-1) ?? 0;
    expect(skill?.getAttribute("aria-label")).toBe(
      `Skill E over the last 7 ladders: now ${eValue(last)}, lowest ${eValue(Math.min(...counted.series.skill_e))}, highest ${eValue(Math.max(...counted.series.skill_e))}, threshold 20`,
    );
    expect(skill?.querySelector("polyline")?.getAttribute("points")?.split(" ")).toHaveLength(8);
    expect(money?.getAttribute("aria-label")).toContain("threshold 320");
    expect(money?.querySelector("[data-line=threshold]")).not.toBeNull();
  });

  it("calls an open cell on paper open on paper, in no colour of gain", async () => {
    answer((cell) => ({ status: "open", is_live: cell.strategy === "single" && cell.is_live }));
    await shown();
    const tags = (table: string) =>
      [...document.querySelectorAll(`[aria-label="${table}, table"] td span.border`)].map((tag) => [
        tag.textContent,
        tag.className.includes("text-gain"),
      ]);
    expect(tags("Evidence Brackets · Seed · paper")).toEqual([["open on paper", false]]);
    expect(tags(TRADED)).toEqual([["open", true]]);
  });

  it("marks a stage beyond the evidence and says who is responsible", async () => {
    const since_at = "2026-11-22T12:00:00Z";
    answer((cell) => ({
      stage: cell.is_live
        ? { stage: "quarter", since_at, by: "Ada", reason: "a test", is_override: true }
        : null,
    }));
    await shown();
    expect(first(rows(TRADED))).toContain("quarter beyond the evidence");
    expect(document.querySelector('[title="by Ada: a test"]')).not.toBeNull();
  });

  it("asks again when a cell has changed, and not at every other update", async () => {
    const asked = () =>
      currentServer().calls.filter((call) => call.path === "/backend/api/evidence").length;
    await shown();
    expect(asked()).toBe(1);
    receive(update(held.n + 1, { balance: held.state.balance }));
    let turns = 0;
    await eventually(() => (++turns > 20 ? true : null));
    expect(asked()).toBe(1);
    const newer = { ...held.state.evidence, seq: held.state.evidence.seq + 1 };
    receive(update(held.n + 2, { evidence: newer }));
    await eventually(() => (asked() === 2 ? true : null));
    expect(asked()).toBe(2);
  });

  it("empty: says when evidence begins", async () => {
    const nothing = { ...evidence, by_cell: [], cells: 0 };
    currentServer().answers["/backend/api/evidence"] = () => Response.json(nothing);
    receive(held);
    show(<Evidence />);
    const text = await eventually(() =>
      panel("Evidence").textContent?.includes("No evidence yet") ? panel("Evidence") : null,
    );
    expect(text.textContent).toContain("The first cycle registers the cells");
  });

  it("a batch that was changed is an alert", async () => {
    const problems = ["batch 0 is not what was registered"];
    currentServer().answers["/backend/api/evidence"] = () =>
      Response.json({ ...evidence, problems });
    const alert = (await shown()).querySelector("[role=alert]");
    expect(alert?.textContent).toBe(problems[0]);
  });
});

describe("probabilities by model", () => {
  const forecast = (markets: Schemas["CityMarkets"]) => {
    const found = first(markets.days).forecast;
    if (found === null) throw new Error("no forecast in the fixture");
    return found;
  };

  it("stand beside the market's mid, with the weight that our forecast has earned", async () => {
    currentServer().answers["/backend/api/markets/NYC"] = () => Response.json(coherent);
    receive(held);
    show(<Ladder city="NYC" />);
    const table = await eventually(() =>
      document.querySelector('[aria-label^="Probabilities by model KXHIGHNY"]'),
    );
    const heads = [...table.querySelectorAll("th")].map((one) => one.textContent);
    expect(heads).toEqual(["Bin", "Seed", "EMOS", "Posterior", "Market mid"]);
    const { models, mid, bins } = forecast(coherent);
    const figures = [...table.querySelectorAll("tbody tr")].map((row) =>
      [...row.querySelectorAll("td")].slice(1).map((cell) => Number.parseFloat(cell.textContent)),
    );
    expect(figures).toHaveLength(bins.length);
    for (const [index, row] of figures.entries()) {
      const expected = [...models.map(({ fair }) => fair[index]), mid[index]];
      for (const [column, value] of expected.entries())
        expect(row[column]).toBeCloseTo((value ?? Number.NaN) * 100, 0);
    }
    const text = document.body.textContent ?? "";
    expect(text).toMatch(/Our forecast has earned 1\.6\s%\s*of the weight/);
    expect(text).toContain("more extreme than quoted (sharpening +0.02)");
  });

  it("without coherent quotes there is no posterior, and the reason is given", () => {
    const { models, ...rest } = forecast(coherent);
    const some = models.filter(({ model }) => model !== "posterior");
    const incoherence = "the bids pay $1.066 for $1 after fees";
    const none = { mid: [], earned_weight: null, market_sharpening: null, incoherence };
    show(<ModelProbabilities forecast={{ ...rest, ...none, models: some }} />);
    const text = document.body.textContent ?? "";
    expect(text).toContain(`No posterior: ${incoherence}.`);
    expect(text).not.toContain("has earned");
    expect(document.querySelectorAll("th")).toHaveLength(4);
    expect(document.querySelector("tbody tr td:last-child")?.textContent).toBe("—");
  });

  it.each([
    [0.12, 0, "12 %", "The market's own prices enter as quoted."],
    [0.004, -0.3, "0.4 %", "less extreme than quoted (sharpening −0.30)"],
  ])(
    "weight %s and sharpening %s are said in words",
    (earned_weight, market_sharpening, weight, words) => {
      show(
        <ModelProbabilities
          forecast={{ ...forecast(coherent), earned_weight, market_sharpening }}
        />,
      );
      const text = (document.body.textContent ?? "").replace(/\s/g, " ");
      expect(text).toContain(`Our forecast has earned ${weight} of the weight`);
      expect(text).toContain(words);
    },
  );
});
