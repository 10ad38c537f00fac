import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { useMay } from "@/hooks/usePermissions";
import { Button, buttonClass } from "./Button";

interface Props {
  /** The folder it is to be built from. */
  project?: string;
  look?: "primary" | "plain";
  size?: "sm" | "md";
  /** The page's own act, which it is called by. */
  role?: "button";
  children: ReactNode;
}

/** The way to a new definition; for who may not write one it is there and switched off. */
export function NewServiceLink({ project, look = "primary", size = "md", role, children }: Props) {
  const why = useMay()("edit");
  if (why !== null)
    return (
      <Button look={look} size={size} disabled title={why}>
        {children}
      </Button>
    );
  return (
    <Link
      to="/new-service"
      role={role}
      search={project === undefined ? {} : { project }}
      className={buttonClass(look, size)}
    >
      {children}
    </Link>
  );
}
