// Levels of log lines, the worst first.

export type LogLevel = "error" | "warn" | "info" | "debug";
export const logLevels: readonly LogLevel[] = ["error", "warn", "info", "debug"];
