import clsx from "clsx";

/** How much of a limit is used, as a bar: neutral below 75 %, then in the colour of risk. */
export function Meter({ share, label }: { share: number; label: string }) {
  const used = Math.min(Math.max(share, 0), 1);
  const tone = share >= 1 ? "bg-loss" : share >= 0.75 ? "bg-risk" : "bg-edge";
  return (
    // biome-ignore lint/a11y/useSemanticElements: every browser draws <meter> differently
    <div
      role="meter"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={Math.round(used * 100)}
      className="h-1.5 w-full bg-raised"
    >
      <div className={clsx("h-full", tone)} style={{ width: `${used * 100}%` }} />
    </div>
  );
}
