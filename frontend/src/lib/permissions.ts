// What the session may do, as the server said it; the server decides again at each act.
import type { Session } from "@/api/types";

export type Permission = Session["permissions"][number];

type Asked = Pick<Session, "state" | "permissions"> | undefined;

/** Why something may not be done, in a sentence; null when it may, or when nobody knows yet. */
export const notAllowed = (session: Asked, permission: Permission): string | null =>
  session === undefined || session.state !== "signed_in" || session.permissions.includes(permission)
    ? null
    : `You may not do this: it needs the permission “${permission}”.`;

/** For a control: switched off, with the reason in its tooltip. */
export const barred = (why: string | null) => (why === null ? {} : { disabled: true, title: why });

/** The same for an entry of a menu, which has no room for a sentence. */
export const barredEntry = (why: string | null) =>
  why === null ? {} : { disabled: true, hint: "not allowed" };

/** Looks are all that is left. */
export const isReadOnly = (session: Asked) =>
  session?.state === "signed_in" && !session.permissions.some((each) => each !== "read");
