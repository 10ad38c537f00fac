// A definition for what the swarm runs without us: what the list knows of it, to be completed by hand.
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { asProblem } from "@/api/problem";
import type { Service } from "@/api/types";
import { Button } from "@/components/Button";
import { Command } from "@/components/CopyButton";
import { Dialog } from "@/components/Dialog";
import { ProblemNote } from "@/components/States";
import { useCreateService } from "@/hooks/useApi";
import { inspectCommand } from "@/lib/dockerCommands";
import { toYaml } from "@/lib/yamlText";

/** What is certain from outside; variables, mounts, secrets and limits are not. */
function definitionFrom({ image, digest, mode, desired, ports, networks }: Service): Record<string, unknown> {
  return {
    image: image === null ? "IMAGE" : digest === null || image.includes("@") ? image : `${image}@${digest}`,
    ...(mode === "replicated" ? { replicas: desired } : { mode }),
    ...(ports.length > 0 && {
      ports: ports.map(({ published, target, protocol, mode: how }) =>
        how === "host" || published === null
          ? { target, ...(published !== null && { published }), protocol, mode: how }
          : `${published}:${target}${protocol === "tcp" ? "" : `/${protocol}`}`,
      ),
    }),
    ...(networks.length > 0 && { networks }),
  };
}

export function AddToCatalog({ service, onClose }: { service: Service; onClose: () => void }) {
  const [text, setText] = useState(() => toYaml(service.name, definitionFrom(service)));
  const create = useCreateService();
  const navigate = useNavigate();
  return (
    <Dialog
      title={`Add ${service.name} to the catalog`}
      description="This is what can be seen of it from outside. Adding it changes nothing in the swarm."
      onClose={onClose}
    >
      <div className="flex flex-col gap-3">
        <textarea
          aria-label="Definition as YAML"
          spellCheck={false}
          value={text}
          onChange={(event) => setText(event.target.value)}
          rows={Math.min(14, text.split("\n").length + 2)}
          className="field font-mono text-[12.5px]"
        />
        <div className="rounded-lg bg-wait-soft px-3 py-2 text-sm text-wait-ink">
          <p className="mb-1.5">
            Its environment, mounts, secrets and limits are not in it. Write them in before you deploy: taking
            over replaces all that it has with what stands here. This shows them:
          </p>
          <div className="text-ink">
            <Command>{inspectCommand(service)}</Command>
          </div>
        </div>
        {create.error !== null && <ProblemNote problem={asProblem(create.error)} />}
        <div className="flex justify-end gap-2">
          <Button onClick={onClose}>Cancel</Button>
          <Button
            look="primary"
            busy={create.isPending}
            onClick={() =>
              create.mutate(
                { name: service.name, yaml: text },
                {
                  onSuccess: () => {
                    onClose();
                    void navigate({
                      to: "/services/$name",
                      params: { name: service.name },
                      search: { tab: "definition" },
                    });
                  },
                },
              )
            }
          >
            Add to the catalog
          </Button>
        </div>
      </div>
    </Dialog>
  );
}
