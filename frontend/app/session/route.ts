import { cookies } from "next/headers";
import { trustedProxies } from "@/lib/server/config";
import { cookieFlags, cookieName } from "@/lib/server/cookie";
import { isSameOrigin } from "@/lib/server/origin";
import { endSession, isPassword, openedSession, sealedSession } from "@/lib/server/session";
import { clientAddress, Throttle } from "@/lib/server/throttle";

/** POST logs in, DELETE logs out. */

const throttle = new Throttle();

const refusal = (status: number, detail: string, headers: HeadersInit = {}): Response =>
  Response.json({ detail }, { status, headers });

export async function POST(request: Request): Promise<Response> {
  if (!isSameOrigin(request.headers)) return refusal(403, "Requests from other sites are refused.");
  const body: unknown = await request.json().catch(() => null);
  // Nothing is awaited from here to the result: simultaneous attempts count one after another.
  const address = clientAddress(request.headers.get("x-forwarded-for"), trustedProxies());
  const wait_s = Math.ceil(throttle.wait_ms(address, Date.now()) / 1000);
  if (wait_s > 0) {
    return refusal(429, `Too many failed logins. Try again in ${wait_s} s.`, {
      "Retry-After": `${wait_s}`,
    });
  }
  const password =
    typeof body === "object" && body !== null && "password" in body ? body.password : null;
  if (typeof password !== "string" || !isPassword(password)) {
    throttle.failed(address, Date.now());
    return refusal(401, "Wrong password.");
  }
  throttle.succeeded(address);
  const { token, session } = await sealedSession(Date.now());
  const host = request.headers.get("host");
  (await cookies()).set(cookieName(host), token, cookieFlags(host, session.expiresAt_ms));
  return Response.json({ expires_at: new Date(session.expiresAt_ms).toISOString() });
}

export async function DELETE(request: Request): Promise<Response> {
  if (!isSameOrigin(request.headers)) return refusal(403, "Requests from other sites are refused.");
  const jar = await cookies();
  const name = cookieName(request.headers.get("host"));
  const session = await openedSession(jar.get(name)?.value, Date.now());
  if (session !== null) endSession(session, Date.now());
  jar.delete({ name, path: "/", secure: name.startsWith("__Host-") });
  return new Response(null, { status: 204 });
}
