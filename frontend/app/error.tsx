"use client";

import { Button } from "@/components/ui/button";
import { Trouble } from "@/components/ui/trouble";

/** What stands in place of a page that failed; the trader goes on whatever this page does. */
export default function ErrorPage({ error }: { error: Error & { digest?: string } }) {
  return (
    <Trouble label="500" title="This page failed">
      <p>The trader is not affected: it continues without the dashboard.</p>
      {error.digest !== undefined && (
        <p className="figure">in the dashboard's log: {error.digest}</p>
      )}
      <Button tone="primary" onClick={() => window.location.reload()}>
        Load again
      </Button>
    </Trouble>
  );
}
