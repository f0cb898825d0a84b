"use client";

import { Tabs } from "radix-ui";
import { createContext, type ReactNode, useContext, useState } from "react";
import type { Schemas } from "@/lib/types";
import { Frame } from "./frame";
import { LimitSell } from "./limit-sell";
import { QuickSell } from "./quick-sell";

/** What is to be closed, as it was when the dialog was opened. */
export interface CloseRequest {
  title: string;
  description: string;
  trade_id: string;
  /** `null` for a working order without a position. */
  position: Schemas["Position"] | null;
  /** Gets the focus back when the dialog closes. */
  opener: HTMLElement;
}

const OpenCloseDialog = createContext<(request: CloseRequest) => void>(() => undefined);

export const useCloseDialog = (): ((request: CloseRequest) => void) => useContext(OpenCloseDialog);

/**
 * The one dialog that closes positions and cancels orders. It is rendered outside the rows that open
 * it: a row disappears with its position, and the outcome must stay readable.
 */
export function CloseDialogProvider({ children }: { children: ReactNode }) {
  const [request, setRequest] = useState<CloseRequest | null>(null);
  return (
    <OpenCloseDialog value={setRequest}>
      {children}
      {request !== null && <CloseDialog request={request} onClose={() => setRequest(null)} />}
    </OpenCloseDialog>
  );
}

function CloseDialog({ request, onClose }: { request: CloseRequest; onClose: () => void }) {
  const { position } = request;
  return (
    <Frame
      title={request.title}
      description={request.description}
      isOpen
      onOpenChange={(isOpen) => !isOpen && onClose()}
      opener={request.opener}
    >
      {position === null ? (
        <QuickSell trade_id={request.trade_id} />
      ) : (
        <Tabs.Root defaultValue="limit">
          <Tabs.List aria-label="Way to close" className="flex border-line border-b">
            <Tab value="quick">Quick sell</Tab>
            <Tab value="limit">Limit sell</Tab>
          </Tabs.List>
          <Tabs.Content value="quick">
            <QuickSell trade_id={request.trade_id} />
          </Tabs.Content>
          <Tabs.Content value="limit">
            <LimitSell position={position} />
          </Tabs.Content>
        </Tabs.Root>
      )}
    </Frame>
  );
}

const Tab = (props: { value: string; children: string }) => (
  <Tabs.Trigger
    className="border-transparent border-b-2 px-4 py-2 text-dim text-sm data-[state=active]:border-focus data-[state=active]:text-text"
    {...props}
  />
);
