/** Says that this server responds; the trader's own health is on the dashboard. */
export const dynamic = "force-dynamic";

export const GET = (): Response => new Response("ok\n");
