import { type ReactNode, useState } from "react";
import { asProblem } from "@/api/problem";
import type { Node } from "@/api/types";
import { ConfirmDialog } from "@/components/Dialog";
import { DockerCommand } from "@/components/DockerCommand";
import { ProblemNote } from "@/components/States";
import { useNodeAct, usePreview } from "@/hooks/useNodes";
import { actCommand, actWord, type NodeAct, quorumSentence } from "@/lib/nodeActs";
import { Moving } from "./Moving";

interface Props {
  node: Node;
  all: readonly Node[];
  act: NodeAct;
  onClose: () => void;
}

/** The managers as they would be, as far as the role goes. */
function after(all: readonly Node[], node: Node, act: NodeAct): string {
  const role = act === "promote" ? "manager" : "worker";
  const changed: Node = { ...node, role, reachability: role === "manager" ? "reachable" : null };
  return quorumSentence(all.map((each) => (each.id === node.id ? changed : each)));
}

function explained({ node, all, act }: Props): ReactNode {
  switch (act) {
    case "drain":
      return `Its tasks end here and it takes no new ones until it is activated again. The node stays in the swarm${node.role === "manager" ? " and stays a manager" : ""}.`;
    case "pause":
      return "It keeps the tasks it has and takes no new ones until it is activated again. A task that ends here starts on another node.";
    case "activate":
      return "It takes new tasks again, and global services start here. Tasks that moved away stay where they are: Swarm does not move running tasks back.";
    case "promote":
      return `It gets a copy of the swarm's state, with its secrets, and a vote. Then: ${after(all, node, act)}.`;
    case "demote":
      return `It loses its vote and its copy of the swarm's state and goes on running tasks. Then: ${after(all, node, act)}.`;
    case "remove":
      return node.state === "ready"
        ? "The node is up. The tidy way is to drain it and to run docker swarm leave on it; then it can be removed without force. Removed by force it goes on running what it runs, and nobody sees or stops it from here."
        : "The swarm forgets the node. To come back, the machine has to leave the swarm and join again.";
  }
}

export default function NodeActDialog(props: Props) {
  const { act, onClose } = props;
  // What was asked when the dialog opened: the node's own state changes under it.
  const [node] = useState(props.node);
  const [force, setForce] = useState(false);
  const preview = usePreview(node, act);
  const change = useNodeAct(node);
  const up = node.state === "ready";
  const asksForForce = act === "remove" && up;
  return (
    <ConfirmDialog
      title={`${actWord[act]} ${node.hostname}?`}
      confirm={actWord[act]}
      danger={act === "remove"}
      disabled={asksForForce && !force}
      busy={change.isPending}
      onConfirm={() => change.mutate({ act, force: asksForForce }, { onSuccess: onClose })}
      onClose={onClose}
    >
      <p>{explained({ ...props, node })}</p>
      {act !== "activate" && act !== "pause" && (
        <Moving
          services={preview.data?.services}
          problem={preview.error === null ? null : asProblem(preview.error)}
          nothing={
            act === "drain" || act === "remove"
              ? "No task runs here: nothing moves."
              : "Every task here may stay: nothing moves."
          }
          {...(act === "remove" && {
            title: up ? "Goes on here unseen, and starts again on other nodes" : "Last reported here",
          })}
        />
      )}
      {asksForForce && (
        <label className="flex items-start gap-2.5 text-ink">
          <input
            type="checkbox"
            checked={force}
            onChange={(event) => setForce(event.target.checked)}
            className="mt-0.5 size-[15px] accent-accent"
          />
          Remove it although it is up
        </label>
      )}
      <DockerCommand>{actCommand(act, node, asksForForce)}</DockerCommand>
      {change.error !== null && <ProblemNote problem={asProblem(change.error)} />}
    </ConfirmDialog>
  );
}
