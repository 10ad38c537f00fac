// How a log looks, and what can be done with all of it.
import { ArrowDownToLine, Download, Eraser, Maximize2, Minimize2 } from "lucide-react";
import { Button, buttonClass } from "@/components/Button";
import type { LogLook } from "@/hooks/useLogLook";
import { type Clock, setClock } from "@/lib/preferences";

export interface LogToolsProps {
  look: LogLook;
  onLook: (change: Partial<LogLook>) => void;
  clock: Clock;
  download: string;
  full: boolean;
  onFull: (full: boolean) => void;
  onClear: () => void;
  following: boolean;
  /** One line is looked at: what is newest lies elsewhere. */
  away: boolean;
  onFollow: () => void;
}

const pressed = "aria-pressed:border-accent aria-pressed:bg-accent-soft aria-pressed:text-accent";

export function LogLooks({ look, onLook, clock }: Pick<LogToolsProps, "look" | "onLook" | "clock">) {
  return (
    <>
      <Button
        size="sm"
        aria-pressed={look.wrap}
        title="Wrap long lines (w)"
        onClick={() => onLook({ wrap: !look.wrap })}
        className={pressed}
      >
        Wrap
      </Button>
      <Button
        size="sm"
        aria-pressed={look.times}
        title="Show the time of each line (t)"
        onClick={() => onLook({ times: !look.times })}
        className={pressed}
      >
        Times
      </Button>
      <Button
        size="sm"
        aria-pressed={clock === "utc"}
        title="Tell times in UTC instead of this browser's zone (u)"
        onClick={() => setClock(clock === "utc" ? "local" : "utc")}
        className={pressed}
      >
        UTC
      </Button>
      <Button
        size="sm"
        aria-pressed={look.nodes}
        title="Show the node of each line (n)"
        onClick={() => onLook({ nodes: !look.nodes })}
        className={pressed}
      >
        Nodes
      </Button>
    </>
  );
}

export function LogActs(
  props: Omit<LogToolsProps, "look" | "onLook" | "clock" | "away" | "following" | "onFollow">,
) {
  const { download, full, onFull, onClear } = props;
  return (
    <>
      <Button size="sm" title="Empty the view; the log itself stays (x)" onClick={onClear}>
        <Eraser aria-hidden className="size-3.5" />
        Clear
      </Button>
      <a
        href={download}
        download
        title="Up to 100,000 lines as a text file, filtered as here"
        className={buttonClass("plain", "sm")}
      >
        <Download aria-hidden className="size-3.5" />
        Download
      </a>
      <Button
        size="sm"
        aria-pressed={full}
        title="Fill the window (f)"
        onClick={() => onFull(!full)}
        className={pressed}
      >
        {full ? (
          <Minimize2 aria-hidden className="size-3.5" />
        ) : (
          <Maximize2 aria-hidden className="size-3.5" />
        )}
        {full ? "Smaller" : "Full screen"}
      </Button>
    </>
  );
}

export function FollowButton({
  following,
  away,
  onFollow,
}: Pick<LogToolsProps, "following" | "away" | "onFollow">) {
  return (
    <Button
      size="sm"
      look={following ? "primary" : "plain"}
      aria-pressed={following}
      title={
        away
          ? "Leave this place in the log for its newest lines (s)"
          : "Go on with the newest lines, or hold still (s)"
      }
      onClick={onFollow}
    >
      <ArrowDownToLine aria-hidden className="size-3.5" />
      {away ? "Newest lines" : following ? "Following" : "Follow"}
    </Button>
  );
}
