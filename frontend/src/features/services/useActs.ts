// What can be done with a service, why not when not, and which dialog stands open for it.
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { asProblem, inWords } from "@/api/problem";
import type { Service } from "@/api/types";
import { useDeploy } from "@/hooks/useApi";
import { notify } from "@/lib/notices";

export type Act = "scale" | "stop" | "delete" | "adopt" | "restart" | "rollback";

/** Why an act is not offered, in a sentence; null when it is. */
export function whyNot(
  service: Service,
  act: "deploy" | "scale" | "stop" | "edit" | "delete" | "restart" | "rollback",
): string | null {
  if (!service.in_catalog)
    return "Not in the catalog: register a definition of this name, then take it over.";
  if (act === "deploy" && service.status === "broken")
    return "Its file cannot be read; mend the definition first.";
  if (act === "stop" && !service.live) return "It is not in the swarm.";
  if ((act === "restart" || act === "rollback") && !service.live)
    return "It is not in the swarm; deploy it first.";
  if (act === "scale") {
    if (!service.live) return "It is not in the swarm; deploy it first.";
    if (service.mode.startsWith("global")) return "A global service runs once on every node.";
  }
  return null;
}

export function useActs(service: Service) {
  const [open, setOpen] = useState<Act | null>(null);
  const [revision, setRevision] = useState<number | null>(null);
  const navigate = useNavigate();
  const deployment = useDeploy(service.name);
  // A promise, because its answer matters also when this view was left meanwhile.
  const deploy = () =>
    void deployment.mutateAsync({}).catch((error: unknown) => {
      const problem = asProblem(error);
      if (problem.code === "not_ours") setOpen("adopt");
      else notify({ kind: "problem", title: `${service.name} was not deployed`, detail: inWords(problem) });
    });
  const show = (tab: "logs" | "definition") =>
    void navigate({ to: "/services/$name", params: { name: service.name }, search: { tab } });
  const rollBackTo = (to: number | null) => {
    setRevision(to);
    setOpen("rollback");
  };
  return { open, setOpen, revision, rollBackTo, deploy, deploying: deployment.isPending, show };
}
