"use client";

import { useEffect } from "react";
import { LiveLink } from "@/lib/live/link";
import { requestTicket, snapshot } from "@/lib/live/requests";
import { currentView, dispatch, useLive } from "@/lib/live/store";

/**
 * Keeps the page connected to the trader while it is open, and goes to the login when the session
 * ends. It renders nothing: in a component of its own, a change of the link renders no panel.
 */
export function LiveConnection({ sessionEndsAt_ms }: { sessionEndsAt_ms: number }): null {
  const link = useLive((view) => view.link);

  useEffect(() => {
    const live = new LiveLink({
      view: currentView,
      dispatch,
      requestTicket,
      poll: snapshot,
      open: (url, subprotocols) => new WebSocket(url, subprotocols),
      now: Date.now,
      random: Math.random,
    });
    const wake = () => document.visibilityState === "visible" && live.wake();
    live.start();
    document.addEventListener("visibilitychange", wake);
    window.addEventListener("online", wake);
    return () => {
      live.stop();
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

  return null;
}

/** Loads a new page, so that nothing of the ended session stays in memory. */
const leave = () => window.location.assign("/login");
