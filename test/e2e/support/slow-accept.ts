import { connect, type Socket } from 'node:net'

const CHILD = `
const server = require('node:net').createServer()
server.listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => console.log(server.address().port))
`

export interface FullPort {
  url: string
  close(): Promise<void>
}

/** A port of loopback where connecting takes for ever: its process is stopped, and the queue of those who wait is full. Unix only. */
export async function startFullPort(): Promise<FullPort> {
  const child = Bun.spawn([process.execPath, '-e', CHILD], { stdout: 'pipe' })
  const { value } = await child.stdout.getReader().read()
  const port = Number(new TextDecoder().decode(value))
  child.kill('SIGSTOP')
  const sockets: Socket[] = []
  // Each one that still gets through fills the queue further.
  for (;;) {
    const socket = connect(port, '127.0.0.1')
    socket.on('error', () => {})
    sockets.push(socket)
    const accepted = await Promise.race([
      new Promise(resolve => socket.once('connect', () => resolve(true))),
      Bun.sleep(150).then(() => false),
    ])
    if (!accepted) break
    if (sockets.length > 2000) throw new Error('the queue does not fill')
  }
  return {
    url: `http://127.0.0.1:${port}/v1`,
    async close() {
      for (const socket of sockets) socket.destroy()
      child.kill('SIGKILL')
      await child.exited
    },
  }
}
