"use client";

import { useEffect } from "react";
import { LiveLink } from "@/lib/live/link";
import { liveDoor, snapshot } from "@/lib/live/questions";
import { currentView, dispatch, useLive } from "@/lib/live/store";

/** Keeps the line to the bot for as long as the page is open, and leaves when the session ends. */
export function useLiveLink(sessionEndsAt_ms: number): void {
  const link = useLive((view) => view.link);

  useEffect(() => {
    const line = new LiveLink({
      view: currentView,
      dispatch,
      door: liveDoor,
      poll: snapshot,
      open: (url, subprotocols) => new WebSocket(url, subprotocols),
      now: Date.now,
      random: Math.random,
    });
    const wake = () => document.visibilityState === "visible" && line.wake();
    line.start();
    document.addEventListener("visibilitychange", wake);
    window.addEventListener("online", wake);
    return () => {
      line.stop();
      document.removeEventListener("visibilitychange", wake);
      window.removeEventListener("online", wake);
    };
  }, []);

  useEffect(() => {
    const timer = setTimeout(leave, Math.min(sessionEndsAt_ms - Date.now(), 2 ** 31 - 1));
    return () => clearTimeout(timer);
  }, [sessionEndsAt_ms]);

  useEffect(() => {
    if (link === "ended") leave();
  }, [link]);
}

/** A new page: nothing of the ended session stays in memory. */
const leave = () => window.location.assign("/login");
