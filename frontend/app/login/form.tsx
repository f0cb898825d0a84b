"use client";

import { type FormEvent, useState } from "react";
import { Button } from "@/components/ui/button";

/** Sends the password once and keeps it nowhere in the page. */
export function LoginForm() {
  const [problem, setProblem] = useState("");
  const [isBusy, setBusy] = useState(false);

  async function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const field = new FormData(event.currentTarget).get("password");
    setBusy(true);
    setProblem("");
    const refusal = await logIn(String(field ?? ""));
    if (refusal === null) window.location.assign("/");
    else {
      setProblem(refusal);
      setBusy(false);
    }
  }

  return (
    <form onSubmit={submit} className="grid gap-4 px-5 py-5">
      <label className="grid gap-1.5">
        <span className="label">Password</span>
        <input
          name="password"
          type="password"
          autoComplete="current-password"
          required
          aria-describedby="login-problem"
          aria-invalid={problem !== ""}
          className="border border-edge bg-ground px-3 py-2 font-mono text-base"
        />
      </label>
      <p id="login-problem" role="alert" className="min-h-5 text-loss text-sm">
        {problem}
      </p>
      <Button type="submit" tone="primary" disabled={isBusy}>
        {isBusy ? "Logging in…" : "Log in"}
      </Button>
    </form>
  );
}

/** Why the login was refused, or `null`. */
async function logIn(password: string): Promise<string | null> {
  try {
    const answer = await fetch("/session", { method: "POST", body: JSON.stringify({ password }) });
    if (answer.ok) return null;
    const { detail } = (await answer.json()) as { detail?: string };
    return detail ?? `The dashboard returned error ${answer.status}.`;
  } catch {
    return "The dashboard is not responding.";
  }
}
