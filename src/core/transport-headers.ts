/** What tells where a request ends, in what form its answer comes, or how its connection is used: the transport says it, and nobody else may. In lower case. */
export const TRANSPORT_HEADERS: ReadonlySet<string> = new Set([
  'accept-encoding',
  'content-length',
  'transfer-encoding',
  'connection',
  'keep-alive',
  'te',
  'trailer',
  'upgrade',
  'expect',
])
