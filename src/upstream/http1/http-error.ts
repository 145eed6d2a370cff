/** Bytes that are no HTTP/1.1 answer. The message is ours and quotes nothing. */
export class HttpError extends Error {
  override readonly name = 'HttpError'
}
