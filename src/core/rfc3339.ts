/** Milliseconds since the epoch as people and JSON read them: `2026-11-21T15:17:00.000Z`. */
export const rfc3339 = (ms: number): string => new Date(ms).toISOString()
