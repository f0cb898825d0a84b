"use client";

import "./globals.css";
import ErrorPage from "./error";

/** As `error.tsx`, where even the layout failed. */
export default function GlobalError({ error }: { error: Error & { digest?: string } }) {
  return (
    <html lang="en">
      <body className="min-h-dvh antialiased">
        <ErrorPage error={error} />
      </body>
    </html>
  );
}
