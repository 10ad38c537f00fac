import { Button } from "./Button";

/** So many entries a list asks for at most. */
const MOST = 1_000;

interface Props {
  shown: number;
  total: number;
  limit: number;
  onLimit: (limit: number) => void;
  busy: boolean;
  word?: string;
}

/** The lower edge of a list that holds only its first entries. */
export function ShowMore({ shown, total, limit, onLimit, busy, word = "Show older" }: Props) {
  if (total <= shown || limit >= MOST) return null;
  return (
    <div className="border-line border-t p-2 text-center">
      <Button look="quiet" size="sm" busy={busy} onClick={() => onLimit(Math.min(limit * 4, MOST))}>
        {word}
      </Button>
    </div>
  );
}
