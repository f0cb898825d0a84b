/**
 * The text of every figure. Money and prices arrive as decimal strings and are never converted to
 * floats: Intl formats the string itself.
 */

export type Decimal = string;
export type Zone = "local" | "utc";

export const NOTHING = "—";

const NARROW_SPACE = " ";

/** Creating an Intl formatter costs 20 to 100 times as much as using it, so each is created once. */
function cached<Options, Formatter>(make: (options: Options) => Formatter) {
  const made = new Map<string, Formatter>();
  return (options: Options): Formatter => {
    const key = JSON.stringify(options);
    const known = made.get(key) ?? make(options);
    made.set(key, known);
    return known;
  };
}

const numberFormat = cached(
  (options: Intl.NumberFormatOptions) =>
    new Intl.NumberFormat("en-US", { signDisplay: "negative", ...options }),
);

const dateFormat = cached(
  (options: Intl.DateTimeFormatOptions) => new Intl.DateTimeFormat("en-GB", options),
);

const decimal = (value: Decimal | number, options: Intl.NumberFormatOptions): string =>
  numberFormat(options)
    .format(value as Intl.StringNumericLiteral)
    .replace("-", "−");

const signs = (signed: boolean) =>
  ({ signDisplay: signed ? "exceptZero" : "negative" }) satisfies Intl.NumberFormatOptions;

/** Dollars and cents: `$1,234.50`, `−$3.20`, signed `+$3.20`. */
export function money(value: Decimal, { signed = false, digits = 2 } = {}): string {
  return decimal(value, {
    style: "currency",
    currency: "USD",
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
    ...signs(signed),
  });
}

/** Dollars per contract in cents, to the exchange's hundredth of a cent: `5¢`, `5.5¢`, `+3.12¢`. */
export function price(value: Decimal | number, { signed = false, digits = 2 } = {}): string {
  const cents = typeof value === "number" ? value * 100 : shifted(value, 2);
  return `${decimal(cents, { maximumFractionDigits: digits, ...signs(signed) })}¢`;
}

/** Contracts: `99`, `12.5`. */
export function count(value: Decimal | number): string {
  return decimal(value, { maximumFractionDigits: 2 });
}

/** A share of one as per cent: 0.0312 is `3.1 %`. */
export function percent(value: Decimal | number, { signed = false, digits = 1 } = {}): string {
  const hundredths = typeof value === "number" ? value * 100 : shifted(value, 2);
  const text = decimal(hundredths, {
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
    ...signs(signed),
  });
  return `${text}${NARROW_SPACE}%`;
}

/** Degrees Fahrenheit: `72.4°F`, signed for a difference. */
export function temperature(value: number, { signed = false, digits = 1 } = {}): string {
  return `${decimal(value, { minimumFractionDigits: digits, maximumFractionDigits: digits, ...signs(signed) })}°F`;
}

/** A bare number with fixed decimals, for scores and scales. */
export function number(value: Decimal | number, { signed = false, digits = 2 } = {}): string {
  return decimal(value, {
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
    ...signs(signed),
  });
}

/**
 * An E-value with two figures, rounded down, as in the terminal: `0.042`, `3.2`, `1,340`, `>1e6`.
 * What is just short of a limit must not look like it.
 */
export function eValue(value: number): string {
  if (value > 1e6) return ">1e6";
  if (value < 1e-4) return "<0.0001";
  const exponent = Number(value.toExponential().split("e")[1]); // a logarithm would be rounded
  const places = Math.max(1 - exponent, 0);
  return decimal(value, {
    minimumFractionDigits: places,
    maximumFractionDigits: places,
    roundingMode: "floor",
  });
}

const STEPS: readonly [limit_s: number, unit_s: number, unit: string][] = [
  [60, 1, "s"],
  [3600, 60, "min"],
  [48 * 3600, 3600, "h"],
  [Number.POSITIVE_INFINITY, 86400, "d"],
];

/** How long ago, rounded down to the unit shown: `4 s`, `3 min`. */
export function age(age_ms: number): string {
  const seconds = Math.max(0, age_ms / 1000);
  const [, unit_s, unit] = STEPS.find(([limit_s]) => seconds < limit_s) ?? [0, 86400, "d"];
  return `${Math.floor(seconds / unit_s)}${NARROW_SPACE}${unit}`;
}

const timeZone = (zone: Zone): Intl.DateTimeFormatOptions =>
  zone === "utc" ? { timeZone: "UTC" } : {};

/** The time of day of an instant: `12:25:03Z` in UTC, `07:25:03` in the viewer's zone. */
export function timeOfDay(at: string | number, zone: Zone): string {
  const text = dateFormat({
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
    ...timeZone(zone),
  }).format(new Date(at));
  return zone === "utc" ? `${text}Z` : text;
}

/** Day and time of an instant: `25 Nov 12:25Z`. */
export function instant(at: string | number, zone: Zone): string {
  const text = dateFormat({
    day: "numeric",
    month: "short",
    hour: "2-digit",
    minute: "2-digit",
    ...timeZone(zone),
  })
    .format(new Date(at))
    .replace(",", "");
  return zone === "utc" ? `${text}Z` : text;
}

/** A calendar day as given, in no zone: `Wed 25 Nov`. */
export function day(iso_date: string): string {
  return dateFormat({
    weekday: "short",
    day: "numeric",
    month: "short",
    timeZone: "UTC",
  })
    .format(new Date(`${iso_date.slice(0, 10)}T00:00:00Z`))
    .replace(",", "");
}

/** The sign of a figure before any rounding. */
export function sign(value: Decimal | number): -1 | 0 | 1 {
  const float = Number(value);
  return float > 0 ? 1 : float < 0 ? -1 : 0;
}

/** A decimal string times ten to the `places`, digit by digit. */
function shifted(value: Decimal, places: number): Decimal {
  const match = /^(-?)(\d+)(?:\.(\d*))?$/.exec(value.trim());
  if (match === null) return String(Number(value) * 10 ** places);
  const [, minus = "", whole = "0", fraction = ""] = match;
  const padded = fraction.padEnd(places, "0");
  return `${minus}${whole}${padded.slice(0, places)}.${padded.slice(places) || "0"}`;
}
