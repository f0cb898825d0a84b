import "server-only";

/**
 * The answer where not even a page can be rendered, because a setting of this server is missing or
 * wrong. It looks like the product, and needs nothing: no script, no file, no session.
 */
export function troublePage(sentence: string | null): Response {
  const detail = sentence ?? "The dashboard's log has the reason.";
  return new Response(page(escaped(detail)), {
    status: 500,
    headers: {
      "Content-Type": "text/html; charset=utf-8",
      "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'",
      "Cache-Control": "no-store",
    },
  });
}

const escaped = (text: string): string =>
  text.replace(/[&<>]/g, (character) => `&#${character.charCodeAt(0)};`);

const page = (detail: string): string => `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Kalshi Edge Trader: not set up</title>
<style>
  body { background: #0a0e13; color: #dbe4ee; color-scheme: dark; display: grid; font: 14px
    ui-sans-serif, system-ui, sans-serif; margin: 0; min-height: 100dvh; place-items: center; }
  main { background: #0f151c; border: 1px solid #243140; margin: 16px; max-width: 28rem; }
  header { border-bottom: 1px solid #243140; padding: 16px 20px; }
  small { color: #93a5b8; letter-spacing: 0.06em; text-transform: uppercase; }
  h1 { font-size: 18px; font-weight: 500; margin: 4px 0 0; }
  p { color: #93a5b8; margin: 20px; }
  b { color: #ff8177; font-weight: 500; }
</style>
<main>
  <header><small>Kalshi Edge Trader · 500</small><h1>The dashboard is not set up</h1></header>
  <p><b>${detail}</b></p>
  <p>Its settings are in .env.local beside it, or in its environment. The trader is not affected.</p>
</main>
`;
