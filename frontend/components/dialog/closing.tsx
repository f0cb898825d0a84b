"use client";

import { Tabs } from "radix-ui";
import { createContext, type ReactNode, useContext, useState } from "react";
import type { Schemas } from "@/lib/types";
import { Frame } from "./frame";
import { LimitSell } from "./limit-sell";
import { QuickSell } from "./quick-sell";

/** What is to be closed, as it was when somebody asked. */
export interface Subject {
  title: string;
  description: string;
  trade_id: string;
  /** `null` where only an order stands, and nothing is held yet. */
  position: Schemas["Position"] | null;
  /** Where the focus goes back to. */
  opener: HTMLElement;
}

const Asked = createContext<(subject: Subject) => void>(() => undefined);

export const useClosing = (): ((subject: Subject) => void) => useContext(Asked);

/**
 * The one dialog that closes things. It stands apart from the rows that open it: a row goes once
 * its position is gone, and what became of the wish has still to be read.
 */
export function Closing({ children }: { children: ReactNode }) {
  const [subject, setSubject] = useState<Subject | null>(null);
  return (
    <Asked value={setSubject}>
      {children}
      {subject !== null && <CloseDialog subject={subject} onLeave={() => setSubject(null)} />}
    </Asked>
  );
}

function CloseDialog({ subject, onLeave }: { subject: Subject; onLeave: () => void }) {
  const { position } = subject;
  return (
    <Frame
      title={subject.title}
      description={subject.description}
      isOpen
      onOpenChange={(isOpen) => !isOpen && onLeave()}
      opener={subject.opener}
    >
      <Tabs.Root defaultValue={position === null ? "quick" : "limit"}>
        <Tabs.List aria-label="How to close" className="flex border-line border-b">
          <Tab value="quick">Quick sell</Tab>
          <Tab value="limit" disabled={position === null}>
            Limit sell
          </Tab>
        </Tabs.List>
        <Tabs.Content value="quick">
          <QuickSell trade_id={subject.trade_id} />
        </Tabs.Content>
        {position !== null && (
          <Tabs.Content value="limit">
            <LimitSell position={position} />
          </Tabs.Content>
        )}
      </Tabs.Root>
    </Frame>
  );
}

const Tab = (props: { value: string; disabled?: boolean; children: string }) => (
  <Tabs.Trigger
    className="border-transparent border-b-2 px-4 py-2 text-dim text-sm disabled:opacity-50 data-[state=active]:border-focus data-[state=active]:text-text"
    {...props}
  />
);
