/** What tells where a request ends, or changes how its connection is used: the transport says it, and nobody else may. In lower case. */
export const TRANSPORT_HEADERS: ReadonlySet<string> = new Set([
  'content-length',
  'transfer-encoding',
  'connection',
  'keep-alive',
  'te',
  'trailer',
  'upgrade',
  'expect',
])
