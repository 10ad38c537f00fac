// The dialog of an act that the palette was asked for, wherever one is.
import LabelsDialog from "@/features/nodes/LabelsDialog";
import NodeActDialog from "@/features/nodes/NodeActDialog";
import type { Asked as What } from "@/features/palette/useEntries";
import RunAct from "@/features/services/RunAct";
import { useNodes, useServices } from "@/hooks/useApi";

export default function Asked({ what, onClose }: { what: What; onClose: () => void }) {
  const { services = [] } = useServices();
  const all = useNodes().data?.items ?? [];
  if (what.on === "service") {
    const service = services.find(({ name }) => name === what.name);
    return service && <RunAct service={service} act={what.act} onClose={onClose} />;
  }
  const node = all.find(({ id }) => id === what.id);
  if (node === undefined) return null;
  return what.act === "labels" ? (
    <LabelsDialog node={node} all={all} onClose={onClose} />
  ) : (
    <NodeActDialog node={node} all={all} act={what.act} onClose={onClose} />
  );
}
