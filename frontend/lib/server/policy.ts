import "server-only";

/** The Content-Security-Policy of one response. Scripts need its nonce; nothing loads from elsewhere. */
export function contentSecurityPolicy(
  nonce: string,
  webSocket: string,
  development: boolean,
): string {
  const directives: Record<string, string> = {
    "default-src": "'self'",
    // React's development build rebuilds stack traces with eval.
    "script-src": `'self' 'nonce-${nonce}' 'strict-dynamic'${development ? " 'unsafe-eval'" : ""}`,
    // Charts and Radix primitives use style attributes for positions, which a nonce can not cover.
    "style-src": "'self' 'unsafe-inline'",
    "img-src": "'self' data:",
    "font-src": "'self'",
    "connect-src": `'self' ${new URL(webSocket).origin}`,
    "object-src": "'none'",
    "base-uri": "'none'",
    "form-action": "'self'",
    "frame-ancestors": "'none'",
  };
  return Object.entries(directives)
    .map(([name, sources]) => `${name} ${sources}`)
    .join("; ");
}
