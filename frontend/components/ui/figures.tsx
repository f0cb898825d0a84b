import clsx from "clsx";
import type { ReactNode } from "react";
import * as format from "@/lib/format";

/** Formatted figures. An unknown figure is a dash, never a zero. */

export type Known<T> = T | null | undefined;

interface FigureProps {
  className?: string | undefined;
  /** Shows the plus sign too. */
  signed?: boolean;
  /** Colours by sign, and always shows the sign as well. */
  toned?: boolean;
  digits?: number;
}

const TONES = { [-1]: "text-loss", [0]: "", [1]: "text-gain" } as const;

export function Figure({
  children,
  className,
}: {
  children: ReactNode;
  className?: string | undefined;
}) {
  return <span className={clsx("figure", className)}>{children}</span>;
}

type Write<T> = (value: T, options: { signed?: boolean; digits?: number }) => string;

type Props<T> = FigureProps & { value: Known<T> };

function Written<T extends string | number>({
  write,
  value,
  className,
  signed = false,
  toned = false,
  digits,
}: Props<T> & { write: Write<T> }) {
  if (value === null || value === undefined) {
    return <Figure className={clsx("text-dim", className)}>{format.NOTHING}</Figure>;
  }
  const text = write(value, {
    signed: signed || toned,
    ...(digits === undefined ? {} : { digits }),
  });
  return <Figure className={clsx(toned && TONES[format.sign(value)], className)}>{text}</Figure>;
}

type Decimal = format.Decimal;

export const Money = (props: Props<Decimal>) => <Written write={format.money} {...props} />;
export const Price = (props: Props<Decimal | number>) => (
  <Written write={format.price} {...props} />
);
export const Percent = (props: Props<Decimal | number>) => (
  <Written write={format.percent} {...props} />
);
export const Temperature = (props: Props<number>) => (
  <Written write={format.temperature} {...props} />
);
export const Num = (props: Props<Decimal | number>) => <Written write={format.number} {...props} />;
export const Count = (props: Props<Decimal | number>) => (
  <Written write={format.count} {...props} />
);
