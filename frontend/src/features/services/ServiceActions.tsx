// The acts of one row: the three one needs all day as buttons, all of them in the menu.
import {
  EllipsisVertical,
  FilePen,
  Play,
  Rocket,
  RotateCw,
  Scaling,
  ScrollText,
  Square,
  Trash2,
  Undo2,
} from "lucide-react";
import { Suspense } from "react";
import type { Service } from "@/api/types";
import { IconButton } from "@/components/Button";
import { LazyMenu } from "@/components/LazyMenu";
import { later } from "@/lib/later";
import { useActs, whyNot } from "./useActs";

const ActDialog = later(() => import("./ActDialogs"));

export function ServiceActions({ service }: { service: Service }) {
  const { open, setOpen, revision, rollBackTo, deploy, deploying, show } = useActs(service);
  const { name, in_catalog: ours } = service;
  const offered = (act: Parameters<typeof whyNot>[1]) => whyNot(service, act) === null;
  return (
    <div className="flex items-center gap-0.5">
      <span className="contents max-sm:hidden">
        {!ours && (
          <span
            title="The swarm runs this, but it was not deployed from this catalog, so it can only be looked at here"
            className="mr-1 whitespace-nowrap rounded border border-line px-1.5 text-ink-3 text-xs leading-5"
          >
            not ours
          </span>
        )}
        {ours && (
          <>
            <IconButton label={`Deploy ${name}`} disabled={!offered("deploy") || deploying} onClick={deploy}>
              <Rocket />
            </IconButton>
            <IconButton label={`Scale ${name}`} disabled={!offered("scale")} onClick={() => setOpen("scale")}>
              <Scaling />
            </IconButton>
          </>
        )}
        <IconButton label={`Logs of ${name}`} disabled={!service.live} onClick={() => show("logs")}>
          <ScrollText />
        </IconButton>
      </span>
      <LazyMenu
        trigger={
          <IconButton label={`More for ${name}`}>
            <EllipsisVertical />
          </IconButton>
        }
        groups={
          ours
            ? [
                [
                  { label: "Deploy", icon: <Play />, disabled: !offered("deploy"), onSelect: deploy },
                  {
                    label: "Scale",
                    icon: <Scaling />,
                    disabled: !offered("scale"),
                    onSelect: () => setOpen("scale"),
                  },
                  {
                    label: "Restart",
                    icon: <RotateCw />,
                    disabled: !offered("restart"),
                    onSelect: () => setOpen("restart"),
                  },
                  {
                    label: "Roll back",
                    icon: <Undo2 />,
                    disabled: !offered("rollback"),
                    onSelect: () => rollBackTo(null),
                  },
                  {
                    label: "Stop",
                    icon: <Square />,
                    disabled: !offered("stop"),
                    onSelect: () => setOpen("stop"),
                  },
                ],
                [
                  {
                    label: "Logs",
                    icon: <ScrollText />,
                    disabled: !service.live,
                    onSelect: () => show("logs"),
                  },
                  { label: "Edit", icon: <FilePen />, onSelect: () => show("definition") },
                ],
                [{ label: "Delete", icon: <Trash2 />, danger: true, onSelect: () => setOpen("delete") }],
              ]
            : [[{ label: "Logs", icon: <ScrollText />, onSelect: () => show("logs") }]]
        }
      />
      {open !== null && (
        <Suspense fallback={null}>
          <ActDialog act={open} revision={revision} service={service} onClose={() => setOpen(null)} />
        </Suspense>
      )}
    </div>
  );
}
