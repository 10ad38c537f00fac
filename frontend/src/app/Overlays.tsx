// What can be opened over every view, and the keys that count everywhere.
import { useNavigate } from "@tanstack/react-router";
import { Suspense, useState } from "react";
import type { Asked as What } from "@/features/palette/useEntries";
import { useKeys } from "@/hooks/useKeys";
import { later } from "@/lib/later";
import { setOverlay, useOverlay } from "@/lib/overlays";
import { places } from "@/lib/places";

const Palette = later(() => import("@/features/palette/Palette"));
const KeysDialog = later(() => import("@/components/KeysDialog"));
const JobsDrawer = later(() => import("@/components/JobsDrawer"));
const Asked = later(() => import("./Asked"));

const close = () => setOverlay(null);

export function Overlays() {
  const open = useOverlay();
  const [asked, setAsked] = useState<What | null>(null);
  const navigate = useNavigate();
  useKeys(
    [
      { key: "Mod+k", label: "Find anything, or do something", run: () => setOverlay("palette") },
      { key: "?", label: "These keys", run: () => setOverlay("keys") },
      { key: "g j", label: "What is under way", run: () => setOverlay("jobs") },
      ...places.map(({ to, label, keys }) => ({ key: keys, label, run: () => void navigate({ to }) })),
    ],
    "Everywhere",
  );
  return (
    <Suspense>
      {open === "palette" && <Palette onAct={setAsked} onClose={close} />}
      {open === "keys" && <KeysDialog onClose={close} />}
      {open === "jobs" && <JobsDrawer onClose={close} />}
      {asked !== null && <Asked key={JSON.stringify(asked)} what={asked} onClose={() => setAsked(null)} />}
    </Suspense>
  );
}
