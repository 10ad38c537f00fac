// Drain and activate, each with a confirmation that names what will happen.
import { Suspense, useState } from "react";
import type { Node } from "@/api/types";
import { Button } from "@/components/Button";
import { later } from "@/lib/later";

const AvailabilityDialog = later(() => import("./AvailabilityDialog"));

export function NodeActions({ node, size = "sm" }: { node: Node; size?: "sm" | "md" }) {
  // What was asked when the dialog opened: the node's own state changes under it.
  const [asked, setAsked] = useState<"drain" | "active" | null>(null);
  const to = node.availability === "drain" || node.availability === "pause" ? "active" : "drain";
  return (
    <>
      <Button
        size={size}
        onClick={() => setAsked(to)}
        aria-label={to === "drain" ? `Drain ${node.hostname}` : `Activate ${node.hostname}`}
      >
        {to === "drain" ? "Drain" : "Activate"}
      </Button>
      {asked !== null && (
        <Suspense fallback={null}>
          <AvailabilityDialog node={node} to={asked} onClose={() => setAsked(null)} />
        </Suspense>
      )}
    </>
  );
}
