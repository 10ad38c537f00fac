import { useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate, useRouter } from "@tanstack/react-router";
import { KeyRound, LockOpen, LogOut, Monitor, Moon, Sun } from "lucide-react";
import { useSession, useSignOut } from "@/hooks/useApi";
import { type Theme, themes, useTheme } from "@/hooks/useTheme";
import { initials } from "@/lib/format";
import { Mark } from "./Brand";
import { IconButton } from "./Button";
import { FreshnessMark } from "./FreshnessMark";
import { LazyMenu } from "./LazyMenu";

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
  const { data: session } = useSession();
  if (session?.secure !== false) return null;
  return (
    <span
      title="This page came over plain HTTP: anyone on the network between can read your session and act as you. Put a TLS proxy in front of it before it leaves this machine."
      className="flex items-center gap-1.5 whitespace-nowrap rounded-full bg-wait-soft px-2 py-0.5 font-medium text-wait-ink text-xs"
    >
      <LockOpen aria-hidden className="size-3" />
      <span>
        plain HTTP<span className="max-lg:sr-only">, not encrypted</span>
      </span>
    </span>
  );
}

function Account() {
  const { data: session } = useSession();
  const name = session?.username ?? "";
  const navigate = useNavigate();
  const router = useRouter();
  const cache = useQueryClient();
  const signOut = useSignOut();
  const leave = () =>
    signOut.mutate(undefined, {
      onSuccess: async () => {
        cache.clear();
        await navigate({ to: "/sign-in", search: {} });
        await router.invalidate();
      },
    });
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
        [{ label: "API tokens", icon: <KeyRound />, onSelect: () => void navigate({ to: "/access" }) }],
        [{ label: "Sign out", icon: <LogOut />, onSelect: leave }],
      ]}
    />
  );
}

export function Header() {
  return (
    <header className="sticky top-0 z-10 flex h-[53px] items-center gap-3 border-line border-b bg-surface px-4 md:px-7">
      <Link to="/" aria-label="Dashboard" className="md:hidden">
        <Mark className="size-[22px] text-accent" />
      </Link>
      <PlainHttp />
      <span className="flex-1" />
      <FreshnessMark />
      <ThemeSwitch />
      <Account />
    </header>
  );
}
