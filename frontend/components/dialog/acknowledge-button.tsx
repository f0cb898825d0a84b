"use client";

import { useState } from "react";
import { Button } from "@/components/ui/button";
import { api } from "@/lib/api";
import type { Schemas } from "@/lib/types";
import { useWish } from "@/lib/wish";
import { Field, LIVE_WORD, LiveWord, useIsLive } from "./fields";
import { Frame } from "./frame";
import { ProgressLine } from "./progress";

/** Accepts a series' changed rules, once a person has read them. */
export function AcknowledgeButton({ terms }: { terms: Schemas["TermsView"] }) {
  const [isOpen, setIsOpen] = useState(false);
  return (
    <Frame
      title={`Accept the rules of ${terms.series}`}
      description={`Rules, source or fees changed; the source is now ${terms.source}. Read them at the exchange first.`}
      isOpen={isOpen}
      onOpenChange={setIsOpen}
      trigger={
        <Button small aria-label={`Review ${terms.series}`}>
          REVIEW
        </Button>
      }
    >
      <AcknowledgeForm terms={terms} />
    </Frame>
  );
}

function AcknowledgeForm({ terms }: { terms: Schemas["TermsView"] }) {
  const isLive = useIsLive();
  const [reason, setReason] = useState("");
  const [word, setWord] = useState("");
  const { progress, send, again } = useWish<Schemas["TermsOutcome"]>();
  const isReady =
    progress.stage === "asking" && reason.trim() !== "" && (!isLive || word === LIVE_WORD);
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (!isReady) return;
        send((key) =>
          api.POST("/api/terms/{series}/acknowledge", {
            params: { path: { series: terms.series }, header: { "Idempotency-Key": key } },
            body: { fingerprint: terms.fingerprint, reason: reason.trim(), confirm: isLive },
          }),
        );
      }}
    >
      <fieldset disabled={progress.stage !== "asking"} className="grid gap-3 px-4 py-4">
        <Field
          label="What you read"
          value={reason}
          maxLength={200}
          onChange={(event) => setReason(event.target.value)}
        />
        <LiveWord value={word} onChange={setWord} />
        <Button type="submit" tone="primary" disabled={!isReady} className="justify-self-start">
          Accept these rules
        </Button>
      </fieldset>
      <ProgressLine progress={progress} onAgain={again} />
    </form>
  );
}
