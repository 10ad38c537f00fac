// The lines of all tasks as they are written; scrolling up holds them still.
import { ScrollText } from "lucide-react";
import { useRef, useState } from "react";
import { type LogFilter, logAddress } from "@/api/client";
import type { ServiceDetail } from "@/api/types";
import { EmptyState } from "@/components/States";
import { useLog } from "@/hooks/useLog";
import { useLogLook } from "@/hooks/useLogLook";
import { usePaused } from "@/hooks/usePaused";
import { levelsIn } from "@/lib/logSearch";
import { useClock } from "@/lib/preferences";
import type { ServiceSearch } from "@/lib/search";
import { LogBar } from "./LogBar";
import { LogEmpty } from "./LogEmpty";
import type { LogChange } from "./LogFilters";
import { LogFoot, LogMissing, NewLines } from "./LogFoot";
import { LogPane, type LogPaneHandle } from "./LogPane";
import { LogReach } from "./LogReach";
import { useLogKeys } from "./useLogKeys";
import { useLogPlace } from "./useLogPlace";

interface Props {
  service: ServiceDetail;
  search: ServiceSearch;
  onSearch: (change: LogChange) => void;
}

export default function LogView({ service, search, onSearch }: Props) {
  // A service that was stopped meanwhile keeps its lines on the screen.
  const [wanted, setWanted] = useState(service.live);
  if (service.live && !wanted) setWanted(true);
  if (!wanted) {
    return (
      <div className="card">
        <EmptyState icon={ScrollText} title="No logs">
          <p>
            {service.name} is not in the swarm. Logs belong to its tasks: deploy it, and they appear here.
          </p>
        </EmptyState>
      </div>
    );
  }
  return <OpenLog service={service} search={search} onSearch={onSearch} />;
}

const longest = (names: readonly string[]) => Math.min(28, Math.max(0, ...names.map((name) => name.length)));

function OpenLog({ service, search, onSearch }: Props) {
  const [look, setLook] = useLogLook();
  const clock = useClock();
  const [full, setFull] = useState(false);
  const box = useRef<HTMLInputElement>(null);
  const pane = useRef<LogPaneHandle>(null);
  const { task, node, stream, range, at, of, q = "" } = search;
  const paused = usePaused(q.trim());
  const levels = levelsIn(search.level);
  const around = at !== undefined && of !== undefined;
  // A line is shown among all its neighbours.
  const match = around ? "" : paused;
  const filter: LogFilter = around
    ? {}
    : {
        ...(task !== undefined && { task }),
        ...(node !== undefined && { node }),
        ...(stream !== undefined && { stream }),
        ...(match !== "" && { match }),
      };
  const shownLevels = around ? [] : levels;
  const filtered = Object.keys(filter).length > 0 || shownLevels.length > 0;
  const [session, state] = useLog(
    service.name,
    filter,
    around ? { kind: "line", at, taskId: of } : { kind: "newest", range },
    true,
  );
  const place = useLogPlace({ session, state, around, pane });
  const { heldAt, cursor } = place;
  const fresh = heldAt === null || around ? 0 : session.store.linesFrom(heldAt, shownLevels);
  const leave = () => onSearch({ at: "", of: "" });
  const follow = () => (around ? leave() : heldAt === null ? place.hold() : place.follow());
  const earlier = () => {
    place.hold();
    void session.loadEarlier();
  };
  const searchBack = () => {
    place.hold();
    void session.searchBack(shownLevels);
  };
  const looking = match !== "" || stream !== undefined || shownLevels.length > 0;
  useLogKeys({
    service: service.name,
    session,
    look,
    onLook: setLook,
    clock,
    full,
    onFull: setFull,
    filtered,
    onFollow: follow,
    onEarlier: earlier,
    onSearch,
    place,
    pane,
  });
  const reach = (
    <LogReach
      session={session}
      state={state}
      levels={shownLevels}
      looking={looking}
      range={range}
      clock={clock}
      onEarlier={earlier}
      onSearchBack={searchBack}
    />
  );
  const download = logAddress(service.name, "download", {
    ...filter,
    ...(range !== undefined && range !== "all" && !around && { since: range }),
    level: shownLevels,
    tail: "100000",
    timestamps: String(look.times),
  });
  return (
    <section
      aria-label="Logs"
      className={full ? "fixed inset-0 z-30 flex flex-col bg-surface" : "card @container overflow-hidden"}
    >
      <LogBar
        service={service}
        search={search}
        box={box}
        counts={[...session.store.counts]}
        levels={levels}
        around={around}
        onSearch={onSearch}
        look={look}
        onLook={setLook}
        clock={clock}
        download={download}
        full={full}
        onFull={setFull}
        onClear={() => {
          place.follow();
          session.clear();
        }}
        following={heldAt === null}
        away={around}
        onFollow={follow}
      />
      <LogMissing problem={state.problem} missing={state.missing} gone={around && state.marked === null} />
      <div className={full ? "relative min-h-0 flex-1" : "relative"}>
        <LogPane
          service={service.name}
          label={`Log lines of ${task ?? service.name}`}
          session={session}
          state={state}
          levels={shownLevels}
          heldAt={heldAt}
          look={look}
          clock={clock}
          widths={{
            task: longest(service.tasks.map((each) => each.name)),
            node: longest(service.tasks.map((each) => each.node ?? "")),
          }}
          cursor={cursor}
          opened={place.opened}
          filtered={filtered || around}
          tall={full}
          head={reach}
          empty={<LogEmpty state={state} filtered={filtered} fresh={fresh} reach={reach} />}
          onHold={place.hold}
          onFollow={around ? () => undefined : place.follow}
          onOpen={place.open}
          onCursor={place.setCursor}
          handle={pane}
        />
        <NewLines
          fresh={fresh}
          onFollow={place.follow}
          onLater={around && state.more ? () => void session.loadLater() : null}
        />
      </div>
      <LogFoot
        session={session}
        state={state}
        levels={shownLevels}
        looking={looking}
        range={range}
        clock={clock}
        held={heldAt !== null}
        around={around}
      />
    </section>
  );
}
