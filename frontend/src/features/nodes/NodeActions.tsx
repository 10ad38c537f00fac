// Drain and activate, each with a confirmation that names what will happen.
import { Suspense, useState } from "react";
import type { Node } from "@/api/types";
import { Button } from "@/components/Button";
import { later } from "@/lib/later";

const AvailabilityDialog = later(() => import("./AvailabilityDialog"));

export function NodeActions({ node, size = "sm" }: { node: Node; size?: "sm" | "md" }) {
  const [open, setOpen] = useState(false);
  const to = node.availability === "drain" || node.availability === "pause" ? "active" : "drain";
  return (
    <>
      <Button
        size={size}
        onClick={() => setOpen(true)}
        aria-label={to === "drain" ? `Drain ${node.hostname}` : `Activate ${node.hostname}`}
      >
        {to === "drain" ? "Drain" : "Activate"}
      </Button>
      {open && (
        <Suspense fallback={null}>
          <AvailabilityDialog node={node} to={to} onClose={() => setOpen(false)} />
        </Suspense>
      )}
    </>
  );
}
