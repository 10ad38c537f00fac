export function Mark({ className }: { className?: string }) {
  return (
    <svg viewBox="0 0 22 22" aria-hidden="true" className={className} fill="currentColor">
      <path d="M11 1 14.500 3v4L11 9 7.500 7V3Z" />
      <path d="M6.500 9 10 11v4l-3.500 2L3 15v-4Z" opacity=".75" />
      <path d="M15.500 9 19 11v4l-3.500 2-3.500-2v-4Z" opacity=".5" />
    </svg>
  );
}
