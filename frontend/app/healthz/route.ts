/** That this server answers; it says nothing about the bot, whose health is on the dashboard. */
export const dynamic = "force-dynamic";

export const GET = (): Response => new Response("ok\n");
