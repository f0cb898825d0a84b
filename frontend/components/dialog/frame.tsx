"use client";

import { Dialog } from "radix-ui";
import type { ReactNode } from "react";

/** A dialog that keeps the focus, closes on Escape, and has a title and a description. */
export function Frame({
  title,
  description,
  trigger,
  opener,
  isOpen,
  onOpenChange,
  children,
}: {
  title: string;
  description: string;
  trigger?: ReactNode;
  /** Gets the focus back where there is no trigger, if it still exists. */
  opener?: HTMLElement;
  isOpen: boolean;
  onOpenChange: (isOpen: boolean) => void;
  children: ReactNode;
}) {
  return (
    <Dialog.Root open={isOpen} onOpenChange={onOpenChange}>
      {trigger && <Dialog.Trigger asChild>{trigger}</Dialog.Trigger>}
      <Dialog.Portal>
        <Dialog.Overlay className="fixed inset-0 z-10 bg-ground/80" />
        <Dialog.Content
          onCloseAutoFocus={(event) => {
            if (opener === undefined) return;
            event.preventDefault();
            opener.focus();
          }}
          className="fixed top-1/2 left-1/2 z-20 max-h-[92dvh] w-[min(34rem,94vw)] -translate-x-1/2 -translate-y-1/2 overflow-y-auto border border-edge bg-panel shadow-2xl"
        >
          <header className="flex items-start gap-3 border-line border-b px-4 py-3">
            <div className="min-w-0 flex-1">
              <Dialog.Title className="font-medium">{title}</Dialog.Title>
              <Dialog.Description className="text-dim text-xs">{description}</Dialog.Description>
            </div>
            <Dialog.Close aria-label="Close dialog" className="px-2 text-dim hover:text-text">
              ✕
            </Dialog.Close>
          </header>
          {children}
        </Dialog.Content>
      </Dialog.Portal>
    </Dialog.Root>
  );
}
