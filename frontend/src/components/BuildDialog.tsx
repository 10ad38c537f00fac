// Starting a build: of which service, and whether it is deployed when it succeeds.
import { useNavigate } from "@tanstack/react-router";
import { ChevronRight } from "lucide-react";
import { type FormEvent, useId, useState } from "react";
import { asProblem } from "@/api/problem";
import { useStartBuild } from "@/hooks/useBuilds";
import { Button } from "./Button";
import { Dialog } from "./Dialog";
import { Field } from "./Field";
import { ProblemNote } from "./States";

interface Props {
  /** What is built, as the title says it. */
  of: string;
  /** Whose image: one, or a choice. */
  services: readonly string[];
  onClose: () => void;
}

const listOf = (text: string) => text.split(/[\s,]+/).filter((word) => word !== "");

export default function BuildDialog({ of, services, onClose }: Props) {
  const [service, setService] = useState(services[0] ?? "");
  const [noCache, setNoCache] = useState(false);
  const [more, setMore] = useState(false);
  const [target, setTarget] = useState("");
  const [platforms, setPlatforms] = useState("");
  const build = useStartBuild();
  const navigate = useNavigate();
  const id = useId();
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const submitter = (event.nativeEvent as SubmitEvent).submitter;
    build.mutate(
      {
        service,
        deploy: submitter?.getAttribute("value") === "deploy",
        no_cache: noCache,
        ...(target.trim() !== "" && { target: target.trim() }),
        ...(listOf(platforms).length > 0 && { platforms: listOf(platforms) }),
      },
      {
        onSuccess: (begun) => {
          onClose();
          void navigate({ to: "/builds/$id", params: { id: begun.id } });
        },
      },
    );
  };
  return (
    <Dialog
      title={`Build ${of}`}
      description="The image is built from the project's folder as it is now and pushed to its registry."
      onClose={onClose}
    >
      <form onSubmit={submit} className="flex flex-col gap-4">
        {services.length > 1 && (
          <div>
            <label htmlFor={`${id}-service`} className="mb-1 block font-medium">
              For service
            </label>
            <select
              id={`${id}-service`}
              value={service}
              onChange={(event) => setService(event.target.value)}
              className="field"
            >
              {services.map((name) => (
                <option key={name}>{name}</option>
              ))}
            </select>
            <p className="mt-1 text-ink-3 text-sm">
              Its definition says the image's name, the Dockerfile and the build arguments.
            </p>
          </div>
        )}
        <label className="flex items-start gap-2.5">
          <input
            type="checkbox"
            checked={noCache}
            onChange={(event) => setNoCache(event.target.checked)}
            className="mt-[3px] size-4 accent-accent"
          />
          <span>
            Without the cache
            <span className="block text-ink-3 text-sm">
              Every step runs again, also those that did not change.
            </span>
          </span>
        </label>
        <div>
          <button
            type="button"
            aria-expanded={more}
            onClick={() => setMore(!more)}
            className="-ml-1 flex items-center gap-1 rounded px-1 text-ink-2 text-sm hover:text-ink"
          >
            <ChevronRight
              aria-hidden
              className={`size-3.5 transition-transform ${more ? "rotate-90" : ""}`}
            />
            Target and platforms
          </button>
          {more && (
            <div className="mt-3 grid gap-4 sm:grid-cols-2">
              <Field
                label="Target"
                placeholder="as defined"
                spellCheck={false}
                autoCapitalize="none"
                value={target}
                hint="A stage of the Dockerfile."
                onChange={(event) => setTarget(event.target.value)}
              />
              <Field
                label="Platforms"
                placeholder="as defined"
                spellCheck={false}
                autoCapitalize="none"
                value={platforms}
                hint="Such as linux/amd64, linux/arm64."
                onChange={(event) => setPlatforms(event.target.value)}
              />
            </div>
          )}
        </div>
        {build.error !== null && <ProblemNote problem={asProblem(build.error)} />}
        <div className="flex flex-wrap justify-end gap-2">
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" value="build" disabled={build.isPending}>
            Build
          </Button>
          <Button type="submit" look="primary" value="deploy" busy={build.isPending}>
            Build and deploy
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
