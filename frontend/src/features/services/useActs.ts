// The acts of one service: which dialog stands open for it, and what needs none.
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { asProblem } from "@/api/problem";
import type { Service } from "@/api/types";
import { useDeploy } from "@/hooks/useApi";
import { complain } from "@/lib/notices";

export type Act = "scale" | "stop" | "delete" | "adopt" | "restart" | "rollback" | "build" | "add";

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
      else complain(`${service.name} was not deployed`, problem, service.name);
    });
  const show = (tab: "logs" | "definition" | "builds") =>
    void navigate({ to: "/services/$name", params: { name: service.name }, search: { tab } });
  const rollBackTo = (to: number | null) => {
    setRevision(to);
    setOpen("rollback");
  };
  return { open, setOpen, revision, rollBackTo, deploy, deploying: deployment.isPending, show };
}
