import { readFileSync } from "node:fs";
import { expect, it } from "vitest";

/** WCAG 2.2 contrast of every text colour on every background, computed from the theme's CSS. */
const css = readFileSync("app/globals.css", "utf8");
const COLOURS = new Map(
  [...css.matchAll(/--color-(\w+): (#[0-9a-f]{6});/g)].map(([, name = "", hex = ""]) => [
    name,
    hex,
  ]),
);

function luminance(hex: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((start) => {
    const share = Number.parseInt(hex.slice(start, start + 2), 16) / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function contrast(one: string, other: string): number {
  const [light = 0, dark = 0] = [luminance(one), luminance(other)].toSorted((a, b) => b - a);
  return (light + 0.05) / (dark + 0.05);
}

const colour = (name: string): string => {
  const hex = COLOURS.get(name);
  if (hex === undefined) throw new Error(`no colour ${name}`);
  return hex;
};

const TEXT = ["text", "dim", "gain", "loss", "risk", "focus", "model", "market", "live"];
const GROUNDS = ["ground", "panel", "raised"];

it.each(TEXT.flatMap((text) => GROUNDS.map((ground) => [text, ground])))(
  "%s on %s is readable",
  (text = "", ground = "") => {
    expect(contrast(colour(text), colour(ground))).toBeGreaterThanOrEqual(4.5);
  },
);

it("borders of controls can be seen", () => {
  expect(contrast(colour("edge"), colour("panel"))).toBeGreaterThanOrEqual(3);
});
