import type { ReactNode } from "react";

/** A page that says in one panel what went wrong, and what to do. */
export function Trouble({
  label,
  title,
  children,
}: {
  label: string;
  title: string;
  children: ReactNode;
}) {
  return (
    <main className="grid min-h-dvh place-items-center p-4">
      <div className="w-full max-w-md border border-line bg-panel">
        <header className="border-line border-b px-5 py-4">
          <p className="label">Kalshi Edge Trader · {label}</p>
          <h1 className="mt-1 font-medium text-lg">{title}</h1>
        </header>
        <div className="grid justify-items-start gap-4 px-5 py-5 text-dim">{children}</div>
      </div>
    </main>
  );
}
