/**
 * The fixed list of what is forwarded to the bot. What is not in it does not exist for a browser;
 * a name in braces stands for one plain path segment.
 */
const CALLS = [
  "GET /api/health",
  "GET /api/balance",
  "GET /api/positions/open",
  "GET /api/trades",
  "GET /api/pnl/today",
  "GET /api/pnl/history",
  "GET /api/risk/status",
  "GET /api/scanner",
  "GET /api/markets/{city}",
  "GET /api/calibration/{city}",
  "DELETE /api/orders/{order_id}",
  "POST /api/positions/{trade_id}/sell",
  "POST /api/risk/halt",
  "POST /api/risk/resume",
];

const SEGMENT = "[A-Za-z0-9_-]{1,64}";

const PATTERNS = CALLS.map((call) => new RegExp(`^${call.replace(/\{\w+\}/g, SEGMENT)}$`));

export const isForwarded = (method: string, path: string): boolean =>
  PATTERNS.some((pattern) => pattern.test(`${method} ${path}`));
