// The pages of the side bar, and the two keys that go to each.
import {
  Boxes,
  FolderGit2,
  Hammer,
  Hand,
  LayoutDashboard,
  LayoutGrid,
  type LucideIcon,
  Package,
  Rocket,
  ScrollText,
  Server,
  Settings,
} from "lucide-react";

export type Target =
  | "/"
  | "/services"
  | "/nodes"
  | "/map"
  | "/registry"
  | "/projects"
  | "/builds"
  | "/deployments"
  | "/approvals"
  | "/activity"
  | "/settings";

export interface Destination {
  to: Target;
  label: string;
  icon: LucideIcon;
  keys: string;
}

export const dashboard: Destination = { to: "/", label: "Dashboard", icon: LayoutDashboard, keys: "g d" };
export const services: Destination = { to: "/services", label: "Services", icon: Boxes, keys: "g s" };
export const nodes: Destination = { to: "/nodes", label: "Nodes", icon: Server, keys: "g n" };
export const map: Destination = { to: "/map", label: "Map", icon: LayoutGrid, keys: "g m" };
export const registry: Destination = { to: "/registry", label: "Registry", icon: Package, keys: "g r" };
export const projects: Destination = { to: "/projects", label: "Projects", icon: FolderGit2, keys: "g p" };
export const builds: Destination = { to: "/builds", label: "Builds", icon: Hammer, keys: "g b" };
export const deployments: Destination = {
  to: "/deployments",
  label: "Deployments",
  icon: Rocket,
  keys: "g y",
};
export const approvals: Destination = { to: "/approvals", label: "Approvals", icon: Hand, keys: "g o" };
export const activity: Destination = { to: "/activity", label: "Activity", icon: ScrollText, keys: "g a" };
export const settings: Destination = { to: "/settings", label: "Settings", icon: Settings, keys: "g ," };

export const places: readonly Destination[] = [
  dashboard,
  services,
  nodes,
  map,
  registry,
  projects,
  builds,
  deployments,
  approvals,
  activity,
  settings,
];
