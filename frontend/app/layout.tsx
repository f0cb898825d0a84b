import { GeistMono } from "geist/font/mono";
import { GeistSans } from "geist/font/sans";
import type { Metadata, Viewport } from "next";
import { headers } from "next/headers";
import type { ReactNode } from "react";
import "./globals.css";

export const metadata: Metadata = {
  title: "Kalshi Edge Trader",
  description: "Forecasts, trades, positions and risk of the Kalshi Edge Trader",
  robots: { index: false, follow: false },
};

export const viewport: Viewport = { themeColor: "#0a0e13", colorScheme: "dark" };

export default async function RootLayout({ children }: { children: ReactNode }) {
  await headers(); // renders every page on request: its scripts carry that request's nonce
  return (
    <html lang="en" className={`${GeistSans.variable} ${GeistMono.variable}`}>
      <body className="min-h-dvh antialiased">{children}</body>
    </html>
  );
}
