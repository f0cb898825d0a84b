import { type NextRequest, NextResponse } from "next/server";
import { dashboardPassword, SettingMissing, webSocketUrl } from "@/lib/server/config";
import { cookieName } from "@/lib/server/cookie";
import { contentSecurityPolicy } from "@/lib/server/policy";
import { openedSession } from "@/lib/server/session";
import { troublePage } from "@/lib/server/trouble-page";

/**
 * Runs before every request: without a session only the login page is served. Every route that reads
 * data checks the session again, so this redirect is a convenience and not the access control.
 */

const OPEN = new Set(["/login", "/session"]);

export async function proxy(request: NextRequest): Promise<Response> {
  try {
    return await answered(request);
  } catch (error) {
    // A setting of this server is wrong: its owner reads which one, in the log and in the browser.
    const sentence = error instanceof SettingMissing ? error.message : null;
    // biome-ignore lint/suspicious/noConsole: the server's log, as Next writes it
    console.error(sentence === null ? error : `error: ${sentence}`);
    return troublePage(sentence);
  }
}

async function answered(request: NextRequest): Promise<NextResponse> {
  const { pathname } = request.nextUrl;
  if (pathname === "/healthz") return NextResponse.next();
  dashboardPassword(); // without one nobody can log in: every page says so
  const token = request.cookies.get(cookieName(request.headers.get("host")))?.value;
  const session = await openedSession(token, Date.now());
  if (session === null && pathname.startsWith("/backend/"))
    return new NextResponse(null, { status: 401 });
  if (session === null && !OPEN.has(pathname)) return redirected(request, "/login");
  if (session !== null && pathname === "/login") return redirected(request, "/");
  return withPolicy(request);
}

/** Next makes an address of this host relative, because behind a proxy the host's name is unknown. */
const redirected = (request: NextRequest, location: string): NextResponse =>
  NextResponse.redirect(new URL(location, request.url), 303);

function withPolicy(request: NextRequest): NextResponse {
  const nonce = btoa(crypto.randomUUID());
  const development = process.env.NODE_ENV === "development";
  const policy = contentSecurityPolicy(nonce, webSocketUrl(), development);
  const headers = new Headers(request.headers);
  headers.set("x-nonce", nonce);
  headers.set("Content-Security-Policy", policy); // where Next looks for the nonce of its scripts
  const response = NextResponse.next({ request: { headers } });
  response.headers.set("Content-Security-Policy", policy);
  return response;
}

export const config = { matcher: ["/((?!_next/static|_next/image|icon.svg).*)"] };
