// Everything the palette can find, out of what the page knows already.
import { useMatch, useNavigate } from "@tanstack/react-router";
import {
  Ban,
  Bot,
  Boxes,
  Container,
  FilePen,
  FilePlus2,
  FolderGit2,
  Globe,
  Hammer,
  Keyboard,
  Layers,
  LogOut,
  Package,
  Pause,
  Play,
  Plus,
  Rocket,
  RotateCw,
  Scaling,
  ScrollText,
  Server,
  Square,
  SunMoon,
  Tag,
  Trash2,
  Undo2,
} from "lucide-react";
import { useMemo } from "react";
import { deploymentWords } from "@/components/DeploymentList";
import { useDeployments, useNodes, useServices } from "@/hooks/useApi";
import { useBuilds } from "@/hooks/useBuilds";
import { useProjects, useRepositories } from "@/hooks/useImages";
import { useLeave } from "@/hooks/useLeave";
import { useMay, useWhyNot } from "@/hooks/usePermissions";
import { useTasks } from "@/hooks/useTasks";
import { themes, useTheme } from "@/hooks/useTheme";
import { actsFor, hindrance, nodeActNeeds } from "@/lib/nodeActs";
import { setOverlay } from "@/lib/overlays";
import { places } from "@/lib/places";
import { setClock, useClock } from "@/lib/preferences";
import type { ServiceAct } from "@/lib/serviceActs";
import { serviceMeaning } from "@/lib/status";
import type { Entry, NodeDo, On, Verb } from "./entries";

export type Asked =
  | { on: "service"; name: string; act: Exclude<ServiceAct, "edit"> }
  | { on: "node"; id: string; act: NodeDo };

const icons = {
  logs: ScrollText,
  deploy: Rocket,
  scale: Scaling,
  restart: RotateCw,
  rollback: Undo2,
  stop: Square,
  edit: FilePen,
  build: Hammer,
  add: FilePlus2,
  delete: Trash2,
  drain: Ban,
  pause: Pause,
  activate: Play,
  promote: Server,
  demote: Server,
  remove: Trash2,
  labels: Tag,
};
const none: never[] = [];
const LATELY = 30;

/** With `deep`, also what has to be asked of the server first. */
export function useEntries(deep: boolean, onAct: (asked: Asked) => void) {
  const navigate = useNavigate();
  const leave = useLeave();
  const [theme, chooseTheme] = useTheme();
  const clock = useClock();
  const may = useMay();
  const [mayNotEdit, mayNotAdmin] = [may("edit"), may("admin")];
  const whyNot = useWhyNot();
  const { services = none } = useServices();
  const nodes = useNodes().data?.items ?? none;
  const tasks = useTasks(deep);
  const repositories = useRepositories(undefined, deep);
  const projects = useProjects().data?.items ?? none;
  const builds = useBuilds({}, LATELY).data?.items ?? none;
  const deployments = useDeployments(undefined, LATELY).data?.items ?? none;
  const openService = useMatch({ from: "/shell/services/$name", shouldThrow: false })?.params.name;
  const openNode = useMatch({ from: "/shell/nodes/$id", shouldThrow: false })?.params.id;
  const foundTasks = tasks.data?.items ?? none;
  const images = repositories.data?.items ?? none;

  // biome-ignore lint/correctness/useExhaustiveDependencies: what only acts does not change what is found
  const entries = useMemo((): Entry[] => {
    const host = new Map(nodes.map(({ id, hostname }) => [id, hostname]));
    const to = (name: string, tab?: "tasks") =>
      void navigate({ to: "/services/$name", params: { name }, search: tab === undefined ? {} : { tab } });
    const stacks = [...new Set(services.flatMap(({ stack }) => stack ?? []))];
    return [
      ...places.map(
        ({ to: target, label, icon, keys }): Entry => ({
          key: `page:${target}`,
          kind: "page",
          label,
          icon,
          keys,
          weight: 6,
          run: () => void navigate({ to: target }),
        }),
      ),
      ...services.map(
        (service): Entry => ({
          key: `service:${service.name}`,
          kind: "service",
          label: service.name,
          icon: Boxes,
          detail: `${serviceMeaning(service).word}, ${service.running} of ${service.desired}`,
          words: service.image ?? "",
          weight: 8,
          run: () => to(service.name),
        }),
      ),
      ...nodes.map(
        ({ id, hostname, role, address, state }): Entry => ({
          key: `node:${hostname}`,
          kind: "node",
          label: hostname,
          icon: Server,
          detail: `${role}, ${state}${address === null ? "" : `, ${address}`}`,
          words: `${address} ${id}`,
          weight: 7,
          run: () => void navigate({ to: "/nodes/$id", params: { id } }),
        }),
      ),
      ...stacks.map(
        (stack): Entry => ({
          key: `stack:${stack}`,
          kind: "stack",
          label: stack,
          icon: Layers,
          detail: `${services.filter((each) => each.stack === stack).length} services`,
          weight: 4,
          run: () => void navigate({ to: "/services", search: { q: `stack:${stack}` } }),
        }),
      ),
      ...foundTasks.map(
        ({ id, name, service, state, node_id }): Entry => ({
          key: `task:${id}`,
          kind: "task",
          label: name,
          icon: Container,
          detail: `${state}${node_id === null ? "" : ` on ${host.get(node_id) ?? node_id}`}`,
          words: id,
          weight: -12,
          run: () => to(service, "tasks"),
        }),
      ),
      ...images.map(
        ({ name, registry, image }): Entry => ({
          key: `image:${image}`,
          kind: "image",
          label: name,
          icon: Package,
          detail: registry,
          weight: 2,
          run: () =>
            void navigate({ to: "/registry/images/$", params: { _splat: name }, search: { registry } }),
        }),
      ),
      ...projects.map(
        ({ name }): Entry => ({
          key: `project:${name}`,
          kind: "project",
          label: name,
          icon: FolderGit2,
          weight: 3,
          run: () => void navigate({ to: "/projects/$name", params: { name } }),
        }),
      ),
      ...builds.map(
        ({ id, service, state, tag }): Entry => ({
          key: `build:${id}`,
          kind: "build",
          label: `Build of ${service}`,
          icon: Hammer,
          detail: `${state}, ${tag.slice(tag.lastIndexOf(":") + 1)}`,
          words: id,
          weight: -8,
          run: () => void navigate({ to: "/builds/$id", params: { id } }),
        }),
      ),
      ...deployments.map(
        (deployment): Entry => ({
          key: `deployment:${deployment.id}`,
          kind: "deployment",
          label: `${deployment.service}: ${deploymentWords(deployment)}`,
          icon: Rocket,
          detail: `${deployment.state.replace("_", " ")}, by ${deployment.actor}`,
          words: `deployment ${deployment.id}`,
          weight: -8,
          run: () => void navigate({ to: "/deployments/$id", params: { id: deployment.id } }),
        }),
      ),
      {
        key: "act:new-service",
        kind: "act",
        label: "New service",
        icon: Plus,
        detail: "opens a definition to fill in",
        words: "create add",
        why: mayNotEdit,
        weight: 3,
        run: () => void navigate({ to: "/new-service", search: {} }),
      },
      ...themes
        .filter((each) => each !== theme)
        .map(
          (each): Entry => ({
            key: `act:theme-${each}`,
            kind: "act",
            label: `Theme: ${each}`,
            icon: SunMoon,
            words: "appearance mode",
            weight: 0,
            run: () => chooseTheme(each),
          }),
        ),
      {
        key: "act:clock",
        kind: "act",
        label: clock === "utc" ? "Times in this browser's zone" : "Times in UTC",
        icon: Globe,
        words: "timezone clock",
        weight: 0,
        run: () => setClock(clock === "utc" ? "local" : "utc"),
      },
      {
        key: "act:connect-agent",
        kind: "act",
        label: "Connect an agent",
        icon: Bot,
        words: "mcp token claude cursor copilot",
        why: mayNotAdmin,
        weight: 0,
        run: () => void navigate({ to: "/connect-agent" }),
      },
      {
        key: "act:keys",
        kind: "act",
        label: "Keys of this page",
        icon: Keyboard,
        keys: "?",
        words: "shortcuts help",
        weight: 0,
        run: () => setOverlay("keys"),
      },
      {
        key: "act:jobs",
        kind: "act",
        label: "What is under way",
        icon: Rocket,
        words: "jobs activity progress",
        weight: 0,
        run: () => setOverlay("jobs"),
      },
      {
        key: "act:sign-out",
        kind: "act",
        label: "Sign out",
        icon: LogOut,
        words: "log out leave",
        weight: 0,
        run: leave,
      },
    ];
  }, [
    services,
    nodes,
    foundTasks,
    images,
    projects,
    builds,
    deployments,
    theme,
    clock,
    mayNotEdit,
    mayNotAdmin,
  ]);

  const things = useMemo(
    (): { name: string; on: On }[] => [
      ...services.map((service) => ({ name: service.name, on: { on: "service", service } as const })),
      ...nodes.map((node) => ({ name: node.hostname, on: { on: "node", node } as const })),
    ],
    [services, nodes],
  );

  const act = (verb: Verb, on: On): Entry | null => {
    const base = { kind: "act", icon: icons[verb.act], detail: verb.needs, weight: 0 };
    if (on.on === "node") {
      const doing = verb.act as NodeDo;
      const { node } = on;
      if (doing !== "labels" && !actsFor(node).includes(doing)) return null;
      return {
        ...base,
        key: `act:${doing}:${node.id}`,
        label: `${verb.word} ${node.hostname}`,
        why: may(nodeActNeeds[doing]) ?? (doing === "labels" ? null : hindrance(doing, node, nodes)),
        run: () => onAct({ on: "node", id: node.id, act: doing }),
      };
    }
    const { service } = on;
    const { name } = service;
    const doing = verb.act as ServiceAct | "logs";
    const entry = { ...base, key: `act:${doing}:${name}`, label: `${verb.word} ${name}` };
    if (doing === "logs" || doing === "edit")
      return {
        ...entry,
        why: doing === "logs" ? (service.live ? null : "It is not in the swarm.") : whyNot(service, doing),
        run: () =>
          void navigate({
            to: "/services/$name",
            params: { name },
            search: { tab: doing === "logs" ? "logs" : "definition" },
          }),
      };
    if (doing === "add" ? service.in_catalog : !service.in_catalog) return null;
    if (doing === "build" && service.build === null) return null;
    return {
      ...entry,
      ...(doing === "add" && { label: `Add ${name} to the catalog` }),
      why: whyNot(service, doing),
      run: () => onAct({ on: "service", name, act: doing }),
    };
  };
  const here =
    things.find(({ on }) =>
      on.on === "service" ? on.service.name === openService : on.node.id === openNode,
    ) ?? null;
  return { entries, things, here, act, loading: deep && (tasks.isLoading || repositories.isLoading) };
}
