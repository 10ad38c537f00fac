// What can be done to a node: the usual act as a button, the others in a menu, each with a dialog that says what it does.
import { ArrowDown, ArrowUp, Ban, Copy, EllipsisVertical, Pause, Play, Tag, Trash2 } from "lucide-react";
import { type ReactNode, Suspense, useState } from "react";
import type { Node } from "@/api/types";
import { Button, IconButton } from "@/components/Button";
import { copyText } from "@/components/CopyButton";
import { LazyMenu } from "@/components/LazyMenu";
import { useMay } from "@/hooks/usePermissions";
import { later } from "@/lib/later";
import { actsFor, actWord, hindrance, type NodeAct, nodeActNeeds } from "@/lib/nodeActs";
import { notify } from "@/lib/notices";
import { barred, barredEntry } from "@/lib/permissions";

const NodeActDialog = later(() => import("./NodeActDialog"));
const LabelsDialog = later(() => import("./LabelsDialog"));

const icons: Record<NodeAct, ReactNode> = {
  drain: <Ban />,
  pause: <Pause />,
  activate: <Play />,
  promote: <ArrowUp />,
  demote: <ArrowDown />,
  remove: <Trash2 />,
};

interface Props {
  node: Node;
  /** All nodes: whether a manager can be spared depends on the others. */
  all: readonly Node[];
  size?: "sm" | "md";
}

export function NodeActions({ node, all, size = "sm" }: Props) {
  const [asked, setAsked] = useState<NodeAct | "labels" | null>(null);
  const may = useMay();
  const possible = actsFor(node);
  const first: NodeAct = node.availability === "active" ? "drain" : "activate";
  const entry = (act: NodeAct) => {
    const forbidden = may(nodeActNeeds[act]) === null ? null : "not allowed";
    const why = forbidden ?? hindrance(act, node, all);
    return {
      label: actWord[act],
      icon: icons[act],
      disabled: why !== null,
      ...(why !== null && { hint: why }),
      danger: act === "remove",
      onSelect: () => setAsked(act),
    };
  };
  const group = (...acts: NodeAct[]) =>
    possible.filter((act) => acts.includes(act) && act !== first).map(entry);
  return (
    <div className="flex items-center gap-1.5">
      <Button
        size={size}
        onClick={() => setAsked(first)}
        aria-label={`${actWord[first]} ${node.hostname}`}
        {...barred(may(nodeActNeeds[first]))}
      >
        {actWord[first]}
      </Button>
      <LazyMenu
        trigger={
          <IconButton label={`More for ${node.hostname}`} className={size === "md" ? "size-8" : ""}>
            <EllipsisVertical />
          </IconButton>
        }
        groups={[
          group("drain", "pause", "activate"),
          [
            {
              label: "Edit labels",
              icon: <Tag />,
              ...barredEntry(may(nodeActNeeds.labels)),
              onSelect: () => setAsked("labels"),
            },
            ...group("promote", "demote"),
          ],
          [
            {
              label: "Copy id",
              icon: <Copy />,
              onSelect: () =>
                void copyText(node.id).then(
                  (done) => done && notify({ kind: "done", title: `The id of ${node.hostname} is copied` }),
                ),
            },
          ],
          group("remove"),
        ].filter((entries) => entries.length > 0)}
      />
      {asked !== null && (
        <Suspense fallback={null}>
          {asked === "labels" ? (
            <LabelsDialog node={node} all={all} onClose={() => setAsked(null)} />
          ) : (
            <NodeActDialog node={node} all={all} act={asked} onClose={() => setAsked(null)} />
          )}
        </Suspense>
      )}
    </div>
  );
}
