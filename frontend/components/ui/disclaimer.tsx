/** What this is, and what it is not; on every page. */
export function Disclaimer() {
  return (
    <p className="text-2xs text-dim">
      For education and research. Trading can lose all the money put in: start on paper. Nothing
      here is advice. Not affiliated with Kalshi or NOAA.
    </p>
  );
}
