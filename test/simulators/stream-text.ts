/** Cuts event-stream text into its frames, blank lines included, so that faults can count them. */
export const framesOf = (text: string): string[] => text.match(/[\s\S]+?(?:\r\n\r\n|\n\n|\r\r|$)/g) ?? []

export const SSE_HEADERS: Record<string, string> = { 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-cache' }
