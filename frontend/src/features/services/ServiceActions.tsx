// The acts of one row: the three one needs all day as buttons, all of them in the menu.
import {
  Copy,
  EllipsisVertical,
  FilePen,
  FilePlus2,
  Hammer,
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
import { copyText } from "@/components/CopyButton";
import { LazyMenu } from "@/components/LazyMenu";
import { useEntry, useWhyNot } from "@/hooks/usePermissions";
import { tasksCommand } from "@/lib/dockerCommands";
import { later } from "@/lib/later";
import { notify } from "@/lib/notices";
import { barred } from "@/lib/permissions";
import { useActs } from "./useActs";

const ActDialog = later(() => import("./ActDialogs"));

export function ServiceActions({ service }: { service: Service }) {
  const { open, setOpen, revision, rollBackTo, deploy, deploying, show } = useActs(service);
  const { name, in_catalog: ours } = service;
  const whyNot = useWhyNot();
  const entry = useEntry();
  const copies = [
    {
      label: "Copy docker command",
      icon: <Copy />,
      onSelect: () =>
        void copyText(tasksCommand(service)).then((copied) => {
          if (copied) notify({ kind: "done", title: "Copied", detail: tasksCommand(service) });
        }),
    },
  ];
  return (
    <div className="flex items-center gap-0.5">
      <span className="contents max-sm:hidden">
        {!ours && (
          <span
            title="The swarm runs this, but it was not deployed from this catalog: it can be looked at, and added to the catalog"
            className="mr-1 whitespace-nowrap rounded border border-line px-1.5 text-ink-3 text-xs leading-5"
          >
            not ours
          </span>
        )}
        {ours && (
          <>
            <IconButton
              label={`Deploy ${name}`}
              shortcut="d"
              disabled={deploying}
              {...barred(whyNot(service, "deploy"))}
              onClick={deploy}
            >
              <Rocket />
            </IconButton>
            <IconButton
              label={`Scale ${name}`}
              shortcut="s"
              {...barred(whyNot(service, "scale"))}
              onClick={() => setOpen("scale")}
            >
              <Scaling />
            </IconButton>
          </>
        )}
        <IconButton
          label={`Logs of ${name}`}
          shortcut="l"
          disabled={!service.live}
          onClick={() => show("logs")}
        >
          <ScrollText />
        </IconButton>
      </span>
      <LazyMenu
        sheet={name}
        trigger={
          <IconButton label={`More for ${name}`} shortcut="." className="pointer-coarse:size-9">
            <EllipsisVertical />
          </IconButton>
        }
        groups={
          ours
            ? [
                [
                  { label: "Deploy", icon: <Play />, ...entry(service, "deploy"), onSelect: deploy },
                  ...(service.build === null
                    ? []
                    : [
                        {
                          label: "Build",
                          icon: <Hammer />,
                          ...entry(service, "build"),
                          onSelect: () => setOpen("build"),
                        },
                      ]),
                  {
                    label: "Scale",
                    icon: <Scaling />,
                    ...entry(service, "scale"),
                    onSelect: () => setOpen("scale"),
                  },
                  {
                    label: "Restart",
                    icon: <RotateCw />,
                    ...entry(service, "restart"),
                    onSelect: () => setOpen("restart"),
                  },
                  {
                    label: "Roll back",
                    icon: <Undo2 />,
                    ...entry(service, "rollback"),
                    onSelect: () => rollBackTo(null),
                  },
                  {
                    label: "Stop",
                    icon: <Square />,
                    ...entry(service, "stop"),
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
                copies,
                [
                  {
                    label: "Delete",
                    icon: <Trash2 />,
                    danger: true,
                    ...entry(service, "delete"),
                    onSelect: () => setOpen("delete"),
                  },
                ],
              ]
            : [
                [
                  { label: "Logs", icon: <ScrollText />, onSelect: () => show("logs") },
                  {
                    label: "Add to catalog",
                    icon: <FilePlus2 />,
                    ...entry(service, "add"),
                    onSelect: () => setOpen("add"),
                  },
                ],
                copies,
              ]
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
