import clsx from "clsx";
import type { ReactNode } from "react";

/** A dense table that scrolls sideways on its own, by keyboard too; figures are aligned right. */

export function Table({
  label,
  head,
  children,
}: {
  label: string;
  head: Head;
  children: ReactNode;
}) {
  return (
    // biome-ignore lint/a11y/useSemanticElements: a scrolling region has no element of its own
    <div
      role="region"
      aria-label={`${label}, table`}
      tabIndex={0}
      className="relative overflow-x-auto"
    >
      <table className="w-full border-collapse text-xs">
        <thead>
          <tr>
            {head.map(([text, side]) => (
              <th
                key={text}
                scope="col"
                className={clsx(
                  "label whitespace-nowrap px-2 py-1.5 font-normal",
                  /[μσ]/.test(text) && "normal-case", // upper-case mu is an M
                  side === "right" ? "text-right" : "text-left",
                )}
              >
                {text}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>{children}</tbody>
      </table>
    </div>
  );
}

export type Head = readonly (readonly [text: string, side: "left" | "right"])[];

export const Row = ({ children, className }: { children: ReactNode; className?: string }) => (
  <tr className={clsx("border-line border-t", className)}>{children}</tr>
);

export function Cell({
  children,
  right = false,
  sticky = false,
  wraps = false,
  className,
}: {
  children: ReactNode;
  right?: boolean;
  /** Stays visible where the table is wider than the screen. */
  sticky?: boolean;
  /** Holds text that is longer than a line. */
  wraps?: boolean;
  className?: string | undefined;
}) {
  return (
    <td
      className={clsx(
        "px-2 py-1.5",
        !wraps && "whitespace-nowrap",
        right && "text-right",
        sticky && "sticky right-0 bg-panel",
        className,
      )}
    >
      {children}
    </td>
  );
}
