import { cookies, headers } from "next/headers";
import { redirect } from "next/navigation";
import { Dashboard } from "@/components/dashboard";
import { cookieName } from "@/lib/server/cookie";
import { openedSession } from "@/lib/server/session";

export default async function DashboardPage() {
  const name = cookieName((await headers()).get("host"));
  const session = await openedSession((await cookies()).get(name)?.value, Date.now());
  if (session === null) redirect("/login");
  return <Dashboard sessionEndsAt_ms={session.expiresAt_ms} />;
}
