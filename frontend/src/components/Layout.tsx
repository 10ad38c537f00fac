import { type ReactNode, Suspense } from "react";
import { later } from "@/lib/later";
import { StaleBanner } from "./FreshnessMark";
import { Header } from "./Header";
import { NewerPage } from "./NewerPage";
import { BottomBar, Sidebar } from "./Sidebar";

/** Nothing to say at first: it comes right after the page. */
const Toaster = later(() => import("./Toaster"));

export function Layout({ children }: { children: ReactNode }) {
  return (
    <div className="flex min-h-dvh">
      <a
        href="#content"
        className="-translate-y-20 fixed top-2 left-2 z-50 rounded-md bg-accent px-3 py-2 text-accent-ink focus:translate-y-0"
      >
        Skip to content
      </a>
      <Sidebar />
      <div className="flex min-w-0 flex-1 flex-col">
        <Header />
        <NewerPage />
        <StaleBanner />
        <main
          id="content"
          tabIndex={-1}
          className="w-full max-w-[1376px] flex-1 px-4 pt-6 pb-28 outline-none md:px-7 md:pb-12"
        >
          {children}
        </main>
      </div>
      <BottomBar />
      <Suspense>
        <Toaster />
      </Suspense>
    </div>
  );
}

interface PageTitleProps {
  title: string;
  sub?: ReactNode;
  actions?: ReactNode;
}

export function PageTitle({ title, sub, actions }: PageTitleProps) {
  return (
    <div className="mb-4 flex min-h-9 flex-wrap items-center gap-x-3 gap-y-2">
      <h1 className="font-[650] text-xl tracking-tight">{title}</h1>
      {sub !== undefined && <p className="num text-ink-3 text-sm max-sm:order-last max-sm:w-full">{sub}</p>}
      {actions !== undefined && <div className="ml-auto flex gap-2">{actions}</div>}
    </div>
  );
}

/** A card with a hairline under its heading. */
export function Card({
  title,
  sub,
  aside,
  children,
}: {
  title: string;
  sub?: ReactNode;
  aside?: ReactNode;
  children: ReactNode;
}) {
  return (
    <section aria-label={title} className="card min-w-0 overflow-hidden">
      <div className="flex min-h-[45px] flex-wrap items-center gap-x-2.5 gap-y-1 border-line border-b px-4 py-2.5">
        <h2 className="font-semibold tracking-tight">{title}</h2>
        {sub !== undefined && <p className="text-ink-3 text-sm">{sub}</p>}
        {aside !== undefined && <div className="ml-auto flex gap-2">{aside}</div>}
      </div>
      {children}
    </section>
  );
}
