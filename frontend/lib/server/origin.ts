import "server-only";

/**
 * Whether a write comes from our own pages. SameSite cookies already prevent cross-site writes; this
 * also covers browsers that ignore SameSite, and other hosts of the same site.
 */
export function isSameOrigin(headers: Headers): boolean {
  const site = headers.get("sec-fetch-site");
  if (site !== null && site !== "same-origin") return false;
  const origin = headers.get("origin");
  if (origin === null || !URL.canParse(origin)) return false;
  return new URL(origin).host === headers.get("host");
}
