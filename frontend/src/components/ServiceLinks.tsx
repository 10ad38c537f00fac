import { Link } from "@tanstack/react-router";

/** Names of services as the ways to them; many are cut, the rest is in the title. */
export function ServiceLinks({
  names,
  most = 3,
  none,
}: {
  names: readonly string[];
  most?: number;
  none: string;
}) {
  if (names.length === 0) return <span className="text-ink-3">{none}</span>;
  const rest = names.slice(most);
  return (
    <span className="flex min-w-0 flex-wrap gap-x-2">
      {names.slice(0, most).map((name) => (
        <Link
          key={name}
          to="/services/$name"
          params={{ name }}
          title={name}
          className="max-w-full truncate font-medium hover:text-accent hover:underline"
        >
          {name}
        </Link>
      ))}
      {rest.length > 0 && (
        <span title={rest.join("\n")} className="num whitespace-nowrap text-ink-3">
          +{rest.length}
        </span>
      )}
    </span>
  );
}
