"use client";

import clsx from "clsx";
import * as format from "@/lib/format";
import { useIsStale } from "@/lib/live/stale";
import { useLive, useTopic } from "@/lib/live/store";
import { chooseZone, useNow, useServerNow, useZone } from "@/lib/time";
import { Button } from "./ui/button";

/** Mode, connection, time, and the logout. */
export function StatusBar() {
  const { data: health } = useTopic("health");
  return (
    <header className="flex flex-wrap items-center gap-x-4 gap-y-2 border-line border-b bg-panel px-3 py-2">
      <h1 className="font-medium text-sm">Kalshi Edge Trader</h1>
      {health !== null && <Mode mode={health.mode} isSynthetic={health.is_synthetic} />}
      <LinkState />
      <div className="ml-auto flex items-center gap-3">
        <Clock />
        <ZoneSwitch />
        <Button onClick={logOut}>Log out</Button>
      </div>
    </header>
  );
}

function Mode({ mode, isSynthetic }: { mode: string; isSynthetic: boolean }) {
  const isLive = mode === "live";
  return (
    <p className="flex gap-2 font-medium font-mono text-xs">
      <span
        className={clsx("border px-2 py-0.5", isLive ? "border-loss text-loss" : "border-edge")}
      >
        {mode.toUpperCase()}
      </span>
      {isSynthetic && <span className="border border-risk px-2 py-0.5 text-risk">SYNTHETIC</span>}
    </p>
  );
}

const LINK_LABELS = {
  connecting: ["Connecting", "text-dim"],
  live: ["Live", "text-gain"],
  polling: ["Polling", "text-risk"],
  ended: ["Logged out", "text-loss"],
} as const;

function LinkState() {
  const link = useLive((view) => view.link);
  const last_message_ms = useLive((view) => view.last_message_ms);
  const now_ms = useNow();
  const isStale = useIsStale();
  const [label, colour] = isStale
    ? (["Trader not responding", "text-loss"] as const)
    : LINK_LABELS[link];
  return (
    <p className={clsx("figure flex items-center gap-2 text-xs", colour)}>
      <span aria-hidden className="size-2 rounded-full bg-current" />
      <span role="status">{label}</span>
      {now_ms !== null && last_message_ms !== null && (
        <span className="text-dim">last message {format.age(now_ms - last_message_ms)} ago</span>
      )}
    </p>
  );
}

/** The trader's own time: in a sandbox it runs fast. */
function Clock() {
  const server_ms = useServerNow();
  const zone = useZone();
  return (
    <span className="figure text-xs" title="Trader clock">
      {server_ms === null ? format.NOTHING : format.instant(server_ms, zone)}
    </span>
  );
}

function ZoneSwitch() {
  const zone = useZone();
  const other = zone === "utc" ? "local" : "utc";
  return (
    <Button
      onClick={() => chooseZone(other)}
      aria-label={`Times in ${zone}: switch to ${other} time`}
    >
      {zone === "utc" ? "UTC" : "Local"}
    </Button>
  );
}

async function logOut(): Promise<void> {
  await fetch("/session", { method: "DELETE" }).catch(() => undefined);
  window.location.assign("/login");
}
