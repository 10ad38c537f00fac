// Every address of the page. Pages are loaded when they are first visited.
import type { QueryClient } from "@tanstack/react-query";
import {
  createRootRouteWithContext,
  createRoute,
  createRouter,
  type ErrorComponentProps,
  lazyRouteComponent,
  Outlet,
  type RouterHistory,
  redirect,
  useRouter,
} from "@tanstack/react-router";
import { asProblem } from "@/api/problem";
import { Mark } from "@/components/Brand";
import { Layout } from "@/components/Layout";
import { ProblemState } from "@/components/States";
import { queries } from "@/hooks/useApi";
import { useLiveCluster } from "@/hooks/useLiveCluster";
import { newServiceSearch, serviceSearch, servicesSearch, signInSearch } from "@/lib/search";
import { NotFound } from "@/pages/NotFound";

interface RouterContext {
  cache: QueryClient;
}

function Problem({ error, reset }: ErrorComponentProps) {
  const router = useRouter();
  return (
    <ProblemState
      problem={asProblem(error)}
      onRetry={() => {
        reset();
        void router.invalidate();
      }}
    />
  );
}

function Opening() {
  return (
    <div role="status" aria-label="Loading" className="grid min-h-[60dvh] place-items-center">
      <Mark className="size-9 animate-pulse text-accent" />
    </div>
  );
}

function Shell() {
  useLiveCluster();
  return (
    <Layout>
      <Outlet />
    </Layout>
  );
}

const root = createRootRouteWithContext<RouterContext>()({
  component: Outlet,
  errorComponent: Problem,
  notFoundComponent: NotFound,
});

/** Everything behind the sign-in. */
const shell = createRoute({
  getParentRoute: () => root,
  id: "shell",
  beforeLoad: async ({ context, location }) => {
    const session = await context.cache.ensureQueryData(queries.session());
    if (session.state === "setup_needed") throw redirect({ to: "/setup" });
    if (session.state === "signed_out") throw redirect({ to: "/sign-in", search: { next: location.href } });
  },
  component: Shell,
});

const inShell = {
  getParentRoute: () => shell,
  errorComponent: Problem,
  notFoundComponent: NotFound,
} as const;

const routeTree = root.addChildren([
  shell.addChildren([
    createRoute({
      ...inShell,
      path: "/",
      component: lazyRouteComponent(() => import("@/pages/Dashboard"), "Dashboard"),
    }),
    createRoute({
      ...inShell,
      path: "/services",
      validateSearch: servicesSearch,
      component: lazyRouteComponent(() => import("@/pages/Services"), "Services"),
    }),
    createRoute({
      ...inShell,
      path: "/services/$name",
      validateSearch: serviceSearch,
      component: lazyRouteComponent(() => import("@/pages/ServiceDetail"), "ServiceDetail"),
    }),
    createRoute({
      ...inShell,
      path: "/new-service",
      validateSearch: newServiceSearch,
      component: lazyRouteComponent(() => import("@/pages/NewService"), "NewService"),
    }),
    createRoute({
      ...inShell,
      path: "/nodes",
      component: lazyRouteComponent(() => import("@/pages/Nodes"), "Nodes"),
    }),
    createRoute({
      ...inShell,
      path: "/nodes/$id",
      component: lazyRouteComponent(() => import("@/pages/NodeDetail"), "NodeDetail"),
    }),
    createRoute({
      ...inShell,
      path: "/registry",
      component: lazyRouteComponent(() => import("@/pages/Registry"), "Registry"),
    }),
    createRoute({
      ...inShell,
      path: "/projects",
      component: lazyRouteComponent(() => import("@/pages/Projects"), "Projects"),
    }),
    createRoute({
      ...inShell,
      path: "/access",
      component: lazyRouteComponent(() => import("@/pages/Access"), "Access"),
    }),
  ]),
  createRoute({
    getParentRoute: () => root,
    path: "/sign-in",
    validateSearch: signInSearch,
    component: lazyRouteComponent(() => import("@/pages/SignIn"), "SignIn"),
  }),
  createRoute({
    getParentRoute: () => root,
    path: "/setup",
    component: lazyRouteComponent(() => import("@/pages/Setup"), "Setup"),
  }),
]);

export const makeRouter = (cache: QueryClient, history?: RouterHistory) =>
  createRouter({
    routeTree,
    ...(history && { history }),
    context: { cache },
    defaultPreload: "intent",
    defaultPendingComponent: Opening,
    defaultPendingMs: 300,
    scrollRestoration: true,
  });

declare module "@tanstack/react-router" {
  interface Register {
    router: ReturnType<typeof makeRouter>;
  }
}
