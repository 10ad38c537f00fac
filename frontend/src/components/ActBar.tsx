import type { ReactNode } from "react";

/** The acts of a long form, always in sight; what is written goes on below it (`data-covers`). */
export const ActBar = ({ children }: { children: ReactNode }) => (
  <div
    data-covers="bottom"
    className="sticky bottom-0 z-10 flex flex-wrap items-center gap-2 border-line border-t bg-bg py-3 max-md:bottom-[57px]"
  >
    {children}
  </div>
);
