/** Passes on whatever comes to the upstream named: `bare-proxy.ts PORT UPSTREAM`. The least that a gateway on this runtime can cost. */
const [port, upstream] = process.argv.slice(2)

Bun.serve({
  hostname: '127.0.0.1',
  port: Number(port),
  idleTimeout: 0,
  async fetch(request) {
    const { pathname } = new URL(request.url)
    const answer = await fetch(upstream + pathname, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: request.headers.get('authorization') ?? '' },
      body: await request.arrayBuffer(),
    })
    return new Response(answer.body, { status: answer.status, headers: { 'content-type': answer.headers.get('content-type') ?? '' } })
  },
})
