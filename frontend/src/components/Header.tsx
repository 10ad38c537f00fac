import { Link, useNavigate } from "@tanstack/react-router";
import {
  Eye,
  Hand,
  Keyboard,
  LockOpen,
  LogOut,
  Monitor,
  Moon,
  Rocket,
  ScrollText,
  Search,
  Settings,
  Sun,
} from "lucide-react";
import { Suspense } from "react";
import { useSession } from "@/hooks/useApi";
import { useLeave } from "@/hooks/useLeave";
import { usePlainHttp } from "@/hooks/usePlainHttp";
import { type Theme, themes, useTheme } from "@/hooks/useTheme";
import { useWaitingCount } from "@/hooks/useWaiting";
import { initials, plural } from "@/lib/format";
import { later } from "@/lib/later";
import { setOverlay } from "@/lib/overlays";
import { isReadOnly } from "@/lib/permissions";
import { Mark } from "./Brand";
import { IconButton } from "./Button";
import { FreshnessMark } from "./FreshnessMark";
import { Keys, keyWords } from "./Keys";
import { LazyMenu } from "./LazyMenu";

const JobsButton = later(() => import("./JobsButton"));

const themeIcon = { system: Monitor, light: Sun, dark: Moon } as const satisfies Record<Theme, unknown>;

export function ThemeSwitch() {
  const [theme, choose] = useTheme();
  const next = themes[(themes.indexOf(theme) + 1) % themes.length] ?? "system";
  const Icon = themeIcon[theme];
  return (
    <IconButton label={`Theme: ${theme}. Switch to ${next}`} onClick={() => choose(next)}>
      <Icon />
    </IconButton>
  );
}

function PlainHttp() {
  if (!usePlainHttp()) return null;
  return (
    <span
      title="This page came over plain HTTP: anyone on the network between can read your session and act as you. Put a TLS proxy in front of the orchestrator and open this page through it."
      className="flex items-center gap-1.5 whitespace-nowrap rounded-full bg-wait-soft px-2 py-0.5 font-medium text-wait-ink text-xs"
    >
      <LockOpen aria-hidden className="size-3" />
      <span className="max-sm:sr-only">
        plain HTTP<span className="max-lg:sr-only">, not encrypted</span>
      </span>
    </span>
  );
}

function Account() {
  const { data: session } = useSession();
  const name = session?.username ?? "";
  const navigate = useNavigate();
  const leave = useLeave();
  const waiting = useWaitingCount();
  return (
    <LazyMenu
      trigger={
        <button
          type="button"
          aria-label={`Account ${initials(name)}: ${name}`}
          className="grid size-7 shrink-0 place-items-center rounded-full bg-accent font-bold text-[11px] text-accent-ink"
        >
          {initials(name)}
        </button>
      }
      header={
        <>
          Signed in as <b className="font-semibold">{name}</b>
        </>
      }
      groups={[
        [
          { label: "Deployments", icon: <Rocket />, onSelect: () => void navigate({ to: "/deployments" }) },
          {
            label: "Approvals",
            icon: <Hand />,
            ...(waiting > 0 && { hint: `${waiting} waiting` }),
            onSelect: () => void navigate({ to: "/approvals" }),
          },
          { label: "Activity", icon: <ScrollText />, onSelect: () => void navigate({ to: "/activity" }) },
          { label: "Settings", icon: <Settings />, onSelect: () => void navigate({ to: "/settings" }) },
        ],
        [{ label: "Keys", icon: <Keyboard />, hint: "?", onSelect: () => setOverlay("keys") }],
        [{ label: "Sign out", icon: <LogOut />, onSelect: leave }],
      ]}
    />
  );
}

function ReadOnly() {
  const { data: session } = useSession();
  if (!isReadOnly(session)) return null;
  return (
    <span
      title="You may look at everything and change nothing."
      className="flex items-center gap-1.5 whitespace-nowrap rounded-full bg-off-soft px-2 py-0.5 font-medium text-off-ink text-xs"
    >
      <Eye aria-hidden className="size-3" />
      read only
    </span>
  );
}

function PaletteButton() {
  return (
    <button
      type="button"
      aria-haspopup="dialog"
      aria-keyshortcuts="Control+K Meta+K"
      title={`Find anything, or do something with it (${keyWords("Mod+k")})`}
      onClick={() => setOverlay("palette")}
      className="flex h-8 items-center gap-2 rounded-md border border-line px-2 text-ink-3 text-sm transition-colors hover:border-line-strong hover:text-ink sm:w-56"
    >
      <Search aria-hidden className="size-4" />
      <span className="flex-1 text-left max-sm:sr-only">Find or do</span>
      <span aria-hidden className="max-sm:hidden">
        <Keys>Mod+k</Keys>
      </span>
    </button>
  );
}

/** The side bar's count, where there is no side bar. */
function Waiting() {
  const count = useWaitingCount();
  if (count === 0) return null;
  return (
    <Link
      to="/approvals"
      aria-label={`${plural(count, "approval")} waiting for you`}
      className="num flex items-center gap-1 rounded-full bg-wait-soft px-2 py-1 font-bold text-wait-ink text-xs md:hidden"
    >
      <Hand aria-hidden className="size-3" />
      {count}
    </Link>
  );
}

export function Header() {
  return (
    <header
      data-covers="top"
      className="sticky top-0 z-10 flex h-[53px] items-center gap-2 sm:gap-3 border-line border-b bg-surface px-4 md:px-7"
    >
      <Link to="/" aria-label="Dashboard" className="md:hidden">
        <Mark className="size-[22px] text-accent" />
      </Link>
      <PaletteButton />
      <PlainHttp />
      <ReadOnly />
      <span className="flex-1" />
      <Waiting />
      <FreshnessMark />
      <Suspense fallback={<span className="size-7" />}>
        <JobsButton />
      </Suspense>
      {/* On a phone: in the settings, and by the palette. */}
      <span className="contents max-sm:hidden">
        <ThemeSwitch />
      </span>
      <Account />
    </header>
  );
}
