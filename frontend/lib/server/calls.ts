import "server-only";

/**
 * The API calls that are forwarded to the trader; a browser can reach no other. A name in braces
 * stands for one path segment.
 */
export const CALLS = [
  "GET /api/live",
  "GET /api/trades",
  "GET /api/orders",
  "GET /api/equity",
  "GET /api/pnl/history",
  "GET /api/positions/{trade_id}/preview",
  "GET /api/markets/{city}",
  "GET /api/calibration/{city}",
  "GET /api/evidence",
  "GET /api/terms",
  "GET /api/audit",
  "DELETE /api/orders/{order_id}",
  "POST /api/positions/{trade_id}/sell",
  "POST /api/risk/halt",
  "POST /api/risk/resume",
  "POST /api/terms/{series}/acknowledge",
];

const SEGMENT = "[A-Za-z0-9_-]{1,64}";

const PATTERNS = CALLS.map((call) => new RegExp(`^${call.replace(/\{\w+\}/g, SEGMENT)}$`));

export const isForwarded = (method: string, path: string): boolean =>
  PATTERNS.some((pattern) => pattern.test(`${method} ${path}`));
