// What an agent asks for, in words; what it says of itself is shown as it is, and can pretend nothing.
import type { Approval } from "@/api/types";
import type { Tone } from "./status";

const wants: Record<string, string> = {
  "service.create": "create",
  "service.update": "change the definition of",
  "service.delete": "delete the definition of",
  "service.remove": "stop and delete the definition of",
  "service.deploy": "deploy",
  "service.scale": "scale",
  "service.stop": "stop",
  "service.restart": "restart",
  "service.rollback": "roll back",
  "service.build": "build the image of",
  "build.cancel": "cancel the build",
  "build.push": "push the build",
  "node.drain": "drain",
  "node.activate": "activate",
  "node.pause": "pause",
  "node.promote": "promote to manager:",
  "node.demote": "demote to worker:",
  "node.label": "replace the labels of",
  "node.remove": "remove the node",
  "node.join_command": "read how to join as",
  "registry.put": "change the registry",
  "registry.delete": "remove the registry",
  "registry.delete_image": "delete the image",
  create_token: "create the token",
  revoke_token: "revoke the token",
  "sign_in.end": "end the sign-in",
};

export const actWords = (action: string) => wants[action] ?? action.replaceAll(/[._]/g, " ");

/** `stop web`, as what one agrees to or refuses. */
export const actOf = ({ action, target }: Pick<Approval, "action" | "target">) =>
  `${actWords(action)} ${plainly(target)}`.trim();

// Control characters, and those that are not seen or turn the direction of what follows.
const unseen = /(?![\n\t])[\p{Cc}\p{Cf}\p{Co}\p{Zl}\p{Zp}\u{115F}\u{1160}\u{3164}\u{FFA0}]/gu;

/** The text with what cannot be seen made visible: an agent's words must not look like others. */
export const plainly = (text: string) =>
  text.replaceAll(unseen, (found) => `\\u{${found.codePointAt(0)?.toString(16)}}`);

export function approvalMeaning({ state, decided_by: by }: Pick<Approval, "state" | "decided_by">): {
  tone: Tone;
  word: string;
  reason?: string;
} {
  if (state === "pending") return { tone: "wait", word: "waits" };
  if (state === "approved") return { tone: "move", word: "approved", reason: "not done yet" };
  if (state === "used") return { tone: "ok", word: "approved", reason: "done" };
  if (state === "refused") return { tone: "warn", word: "refused" };
  return by === null
    ? { tone: "off", word: "expired" }
    : { tone: "off", word: "approved", reason: "never done" };
}

/** Seconds until it is over, by the server's clock: what was left when it was read, less the time since. */
export const secondsLeft = (
  { seconds_left: left }: Pick<Approval, "seconds_left">,
  readAt: number,
  now: number,
) => Math.max(0, left - Math.max(0, now - readAt) / 1000);

const two = (value: number) => String(value).padStart(2, "0");

/** Minutes while there are many, seconds when they count. */
export function countdown(seconds: number): string {
  const whole = Math.ceil(seconds);
  if (whole > 600) return `${Math.ceil(whole / 60)} min`;
  return `${Math.floor(whole / 60)}:${two(whole % 60)}`;
}
