// Every address of the page. Pages are loaded when they are first visited.
import type { QueryClient } from "@tanstack/react-query";
import {
  createRootRouteWithContext,
  createRoute,
  createRouter,
  type ErrorComponentProps,
  Outlet,
  type RouterHistory,
  redirect,
  useRouter,
} from "@tanstack/react-router";
import { Suspense } from "react";
import { asProblem } from "@/api/problem";
import { Mark } from "@/components/Brand";
import { Layout } from "@/components/Layout";
import { ProblemState } from "@/components/States";
import { queries, useSession } from "@/hooks/useApi";
import { useLiveCluster } from "@/hooks/useLiveCluster";
import { activitySearch, deploymentsSearch } from "@/lib/activitySearch";
import { later, laterPage } from "@/lib/later";
import { mapSearch } from "@/lib/mapSearch";
import { nodesSearch } from "@/lib/nodesSearch";
import {
  buildSearch,
  buildsSearch,
  newServiceSearch,
  projectsSearch,
  registrySearch,
  repositorySearch,
  serviceSearch,
  servicesSearch,
  signInSearch,
} from "@/lib/search";
import { NotFound } from "@/pages/NotFound";
import { Overlays } from "./Overlays";

const SignInAgain = later(() => import("@/components/SignInAgain"));

interface RouterContext {
  cache: QueryClient;
}

function Problem({ error, reset }: ErrorComponentProps) {
  const router = useRouter();
  const problem = asProblem(error);
  return (
    <ProblemState
      problem={problem}
      onRetry={() => {
        if (problem.code === "page_outdated") return globalThis.location.reload();
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
  const ended = useSession().data?.state === "signed_out";
  useLiveCluster(!ended);
  return (
    <Layout>
      <Outlet />
      <Overlays />
      {ended && (
        <Suspense>
          <SignInAgain />
        </Suspense>
      )}
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
      component: laterPage(() => import("@/pages/Dashboard").then((page) => page.Dashboard)),
    }),
    createRoute({
      ...inShell,
      path: "/services",
      validateSearch: servicesSearch,
      component: laterPage(() => import("@/pages/Services").then((page) => page.Services)),
    }),
    createRoute({
      ...inShell,
      path: "/services/$name",
      validateSearch: serviceSearch,
      component: laterPage(() => import("@/pages/ServiceDetail").then((page) => page.ServiceDetail)),
    }),
    createRoute({
      ...inShell,
      path: "/new-service",
      validateSearch: newServiceSearch,
      component: laterPage(() => import("@/pages/NewService").then((page) => page.NewService)),
    }),
    createRoute({
      ...inShell,
      path: "/nodes",
      validateSearch: nodesSearch,
      component: laterPage(() => import("@/pages/Nodes").then((page) => page.Nodes)),
    }),
    createRoute({
      ...inShell,
      path: "/map",
      validateSearch: mapSearch,
      component: laterPage(() => import("@/pages/ClusterMap").then((page) => page.ClusterMap)),
    }),
    createRoute({
      ...inShell,
      path: "/nodes/$id",
      component: laterPage(() => import("@/pages/NodeDetail").then((page) => page.NodeDetail)),
    }),
    createRoute({
      ...inShell,
      path: "/registry",
      validateSearch: registrySearch,
      component: laterPage(() => import("@/pages/Registry").then((page) => page.Registry)),
    }),
    createRoute({
      ...inShell,
      path: "/registry/images/$",
      validateSearch: repositorySearch,
      component: laterPage(() => import("@/pages/Repository").then((page) => page.Repository)),
    }),
    createRoute({
      ...inShell,
      path: "/projects",
      validateSearch: projectsSearch,
      component: laterPage(() => import("@/pages/Projects").then((page) => page.Projects)),
    }),
    createRoute({
      ...inShell,
      path: "/projects/$name",
      component: laterPage(() => import("@/pages/ProjectDetail").then((page) => page.ProjectDetail)),
    }),
    createRoute({
      ...inShell,
      path: "/builds",
      validateSearch: buildsSearch,
      component: laterPage(() => import("@/pages/Builds").then((page) => page.Builds)),
    }),
    createRoute({
      ...inShell,
      path: "/builds/$id",
      validateSearch: buildSearch,
      component: laterPage(() => import("@/pages/BuildDetail").then((page) => page.BuildDetail)),
    }),
    createRoute({
      ...inShell,
      path: "/deployments",
      validateSearch: deploymentsSearch,
      component: laterPage(() => import("@/pages/Deployments").then((page) => page.Deployments)),
    }),
    createRoute({
      ...inShell,
      path: "/deployments/$id",
      component: laterPage(() => import("@/pages/DeploymentDetail").then((page) => page.DeploymentDetail)),
    }),
    createRoute({
      ...inShell,
      path: "/approvals",
      component: laterPage(() => import("@/pages/Approvals").then((page) => page.Approvals)),
    }),
    createRoute({
      ...inShell,
      path: "/connect-agent",
      component: laterPage(() => import("@/pages/ConnectAgent").then((page) => page.ConnectAgent)),
    }),
    createRoute({
      ...inShell,
      path: "/activity",
      validateSearch: activitySearch,
      component: laterPage(() => import("@/pages/Activity").then((page) => page.Activity)),
    }),
    createRoute({
      ...inShell,
      path: "/settings",
      component: laterPage(() => import("@/pages/Settings").then((page) => page.Settings)),
    }),
    createRoute({
      ...inShell,
      path: "/access",
      beforeLoad: () => {
        throw redirect({ to: "/settings" });
      },
    }),
  ]),
  createRoute({
    getParentRoute: () => root,
    path: "/sign-in",
    validateSearch: signInSearch,
    component: laterPage(() => import("@/pages/SignIn").then((page) => page.SignIn)),
  }),
  createRoute({
    getParentRoute: () => root,
    path: "/setup",
    component: laterPage(() => import("@/pages/Setup").then((page) => page.Setup)),
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
