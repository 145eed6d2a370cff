import { connect, createServer } from 'node:net'

export interface Started {
  pid: number
  stop(): Promise<void>
}

/** A child of ours, ended by its own pid. */
export function start(command: string[], env: Record<string, string> = {}): Started {
  const child = Bun.spawn(command, { stdout: 'ignore', stderr: 'inherit', env: { ...process.env, ...env } })
  return {
    pid: child.pid,
    async stop() {
      child.kill('SIGTERM')
      const forced = setTimeout(() => child.kill('SIGKILL'), 5000)
      await child.exited
      clearTimeout(forced)
    },
  }
}

export const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number }
      server.close(() => resolve(port))
    })
  })

/** Resolves when something accepts connections on the port. */
export async function waitForPort(port: number, tries = 400): Promise<void> {
  for (let attempt = 0; attempt < tries; attempt++) {
    const open = await new Promise<boolean>(resolve => {
      const socket = connect(port, '127.0.0.1')
      socket.once('connect', () => {
        socket.destroy()
        resolve(true)
      })
      socket.once('error', () => resolve(false))
    })
    if (open) return
    await Bun.sleep(25)
  }
  throw new Error(`nothing listens on port ${port}`)
}
