import type { Clock } from '../core/clock.ts'

/** Whether the server of `url` takes or refuses a TCP connection within `limitMs`, rather than say nothing. Nothing is sent; the connection is closed at once. */
export async function reachable(url: string, limitMs: number, clock: Clock): Promise<boolean> {
  const { hostname, port, protocol } = new URL(url)
  let open: { end(): void } | undefined
  let cancel = () => {}
  const limit = new Promise<boolean>(resolve => {
    cancel = clock.after(limitMs, () => resolve(false))
  })
  const connected = Bun.connect({
    hostname: hostname.replace(/^\[|\]$/g, ''),
    port: Number(port) || (protocol === 'https:' ? 443 : 80),
    socket: {
      data() {},
      open(socket) {
        open = socket
      },
      error() {},
    },
  }).then(
    () => true,
    () => true,
  )
  try {
    return await Promise.race([connected, limit])
  } finally {
    cancel()
    void connected.then(() => open?.end())
  }
}
