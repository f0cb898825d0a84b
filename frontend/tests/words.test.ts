import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import ts from "typescript";
import { expect, it } from "vitest";

/**
 * Labels, messages and names use the standard terms of trading and engineering. What was replaced
 * by a standard term does not come back. Texts and names of the API are the API's own.
 */

/** Retired in texts that people read, with what to write in their place. */
const RETIRED_PHRASES: readonly (readonly [RegExp, string])[] = [
  [/\bbot\b/i, "trader"],
  [/no word from|not heard|\bheard\b|silen(t|ce)|(does|do) not answer/i, "trader not responding"],
  [/under way/i, "working orders; waiting for confirmation"],
  [/out of the book/i, "cancel order"],
  [/what (became|becomes) of|nobody knows/i, "waiting for confirmation"],
  [/what happened|has happened|\bnews\b/i, "activity"],
  [/rules that changed/i, "contract rule changes"],
  [/\bclaimed\b/i, "predicted"],
  [/\bcame\b/i, "realised"],
  [/\bwish(es)?\b/i, "command, order"],
  [/would fetch/i, "exit value"],
  [/\bon sale\b/i, "in sell orders"],
  [/nothing is held/i, "no open positions"],
  [/by hand/i, "manual"],
  [/looked at|left out/i, "in the last cycle; skipped"],
  [/(hold|holds|held)( \w+)? back/i, "halt"],
  [/\b(go|goes) on\b/i, "continue, resume, confirm"],
  [/\bthrown\b/i, "triggered"],
  [/\bmeasured\b/i, "observed"],
  [/decided by/i, "settled by"],
  [/learned|judged/i, "calibrated; score"],
  [/is no (price|number)/i, "is not valid"],
  [/\bsomebody\b|\btold\b/i, "name who or what"],
  [/\bat once\b/i, "immediately"],
];

/** Retired as part of any name that we declare. */
const RETIRED_NAMES =
  /^(tenure|upkeep|vigil|openness|checkup|wholeness|doorway|wish|surroundings|ambush)$/i;

/** Retired as part of a name of a file, a type or a component. */
const RETIRED_TYPE_NAMES =
  /^(place|guards|resolution|week|standing|memory|news|told|heard|word|stroke|plant|desk|present)$/i;

const root = join(import.meta.dirname, "..");
const PRODUCT = ["app", "components", "lib"];
const GENERATED = "lib/schema.d.ts";

const filesIn = (folder: string): string[] =>
  readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
    .map((name) => join(folder, name))
    .filter((name) => /\.(tsx?|mjs)$/.test(name) && name !== GENERATED);

const parsed = new Map(
  [...[...PRODUCT, "tests", "e2e", "scripts"].flatMap(filesIn), "proxy.ts"].map((file) => [
    file,
    ts.createSourceFile(
      file,
      readFileSync(join(root, file), "utf8"),
      ts.ScriptTarget.Latest,
      true,
      file.endsWith("x") ? ts.ScriptKind.TSX : ts.ScriptKind.TS,
    ),
  ]),
);

function visit(node: ts.Node, see: (node: ts.Node) => void): void {
  see(node);
  ts.forEachChild(node, (child) => visit(child, see));
}

/** The texts of a file: literals, pieces of templates, and what stands between JSX tags. */
function textsOf(source: ts.SourceFile): string[] {
  const texts: string[] = [];
  visit(source, (node) => {
    if (ts.isStringLiteralLike(node) || ts.isJsxText(node) || ts.isTemplateHead(node))
      texts.push(node.text);
    if (ts.isTemplateMiddle(node) || ts.isTemplateTail(node)) texts.push(node.text);
  });
  return texts.map((text) => text.replace(/\s+/g, " ").trim()).filter((text) => text !== "");
}

const isText = (text: string) => /\s/.test(text) || /^[A-Z]/.test(text);

interface Name {
  text: string;
  isType: boolean;
}

/** The names that a file declares itself; a property read from the API is not one of them. */
function namesOf(source: ts.SourceFile): Name[] {
  const names: Name[] = [];
  visit(source, (node) => {
    if (ts.isPropertyAccessExpression(node) || ts.isPropertyAssignment(node)) return;
    const name = (node as ts.NamedDeclaration).name;
    if (name === undefined || !ts.isIdentifier(name)) return;
    const { text } = name;
    const isType =
      ts.isClassDeclaration(node) ||
      ts.isInterfaceDeclaration(node) ||
      ts.isTypeAliasDeclaration(node) ||
      /^[A-Z][a-z]/.test(text);
    names.push({ text, isType });
  });
  return names;
}

const parts = (name: string): string[] => name.split(/[^A-Za-z]|(?<=[a-z])(?=[A-Z])/);

const isRetired = ({ text, isType }: Name): boolean =>
  parts(text).some((part) => RETIRED_NAMES.test(part) || (isType && RETIRED_TYPE_NAMES.test(part)));

const isProduct = (file: string) =>
  PRODUCT.some((folder) => file.startsWith(`${folder}/`)) && !/\.test\.tsx?$/.test(file);

const texts = [...parsed]
  .filter(([file]) => isProduct(file))
  .flatMap(([file, source]) =>
    textsOf(source)
      .filter(isText)
      .map((text) => ({ file, text })),
  );

const names = [...parsed].flatMap(([file, source]) =>
  [...namesOf(source), { text: basename(file), isType: true }].map((name) => ({ file, name })),
);

it("reads the product's texts and names", () => {
  expect(texts.map(({ text }) => text)).toContain("Trader not responding");
  expect(texts.length).toBeGreaterThan(200);
  expect(names.map(({ name }) => name.text)).toContain("LimitSell");
});

it.each(RETIRED_PHRASES)("%s is not in a text: write %s", (phrase) => {
  expect(texts.filter(({ text }) => phrase.test(text))).toEqual([]);
});

it("no retired word is in a name", () => {
  expect(names.filter(({ name }) => isRetired(name))).toEqual([]);
});

it.each(["useWish", "NewsPanel", "live-word.tsx", "SURROUNDINGS", "StrokeWidth"])(
  "%s would be found",
  (text) => expect(isRetired({ text, isType: true })).toBe(true),
);
