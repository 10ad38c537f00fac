import { Pencil } from "lucide-react";
import { Suspense, useState } from "react";
import type { Node } from "@/api/types";
import { Button } from "@/components/Button";
import { Card } from "@/components/Layout";
import { Labels } from "@/components/NodeCard";
import { useMay } from "@/hooks/usePermissions";
import { later } from "@/lib/later";
import { nodeActNeeds } from "@/lib/nodeActs";
import { barred } from "@/lib/permissions";

const LabelsDialog = later(() => import("./LabelsDialog"));

export function LabelsCard({ node, all }: { node: Node; all: readonly Node[] }) {
  const [editing, setEditing] = useState(false);
  const mayNot = useMay()(nodeActNeeds.labels);
  return (
    <Card
      title="Labels"
      aside={
        <Button
          size="sm"
          onClick={() => setEditing(true)}
          aria-label={`Edit labels of ${node.hostname}`}
          {...barred(mayNot)}
        >
          <Pencil aria-hidden className="size-3.5" />
          Edit
        </Button>
      }
    >
      <div className="p-4">
        <Labels labels={node.labels} />
      </div>
      {editing && (
        <Suspense fallback={null}>
          <LabelsDialog node={node} all={all} onClose={() => setEditing(false)} />
        </Suspense>
      )}
    </Card>
  );
}
