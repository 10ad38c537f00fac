// One act on a service, asked for from anywhere: at once, or in the dialog that says what it does.
import { useEffect, useRef } from "react";
import type { Service } from "@/api/types";
import type { ServiceAct } from "@/lib/serviceActs";
import ActDialog from "./ActDialogs";
import { useActs } from "./useActs";

interface Props {
  service: Service;
  act: Exclude<ServiceAct, "edit">;
  onClose: () => void;
}

export default function RunAct({ service, act, onClose }: Props) {
  const { open, deploy } = useActs(service);
  const begun = useRef(false);
  useEffect(() => {
    if (act !== "deploy" || begun.current) return;
    begun.current = true;
    deploy();
  }, [act, deploy]);
  const asked = act === "deploy" ? open : act;
  if (asked === null) return null;
  return <ActDialog act={asked} revision={null} service={service} onClose={onClose} />;
}
