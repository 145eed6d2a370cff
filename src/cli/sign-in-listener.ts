import { readCallback, type SignIn } from '../accounts/jetbrains/login.ts'
import type { Clock } from '../core/clock.ts'
import { asGatewayError, GatewayError } from '../core/errors.ts'
import { type BrowserPage, pageResponse } from './browser-page.ts'

/** How long the person at the browser may take. */
const PATIENCE_MS = 300_000

export interface SignInListener {
  /** Where the browser comes back to. */
  redirectUri: string
  /**
   * Resolves with what `finish` has made of the code that the browser brings, once; the browser is shown whether that went well.
   * @throws GatewayError where the sign-in was declined, took too long, or `finish` failed
   */
  finished<T>(signIn: SignIn, finish: (code: string) => Promise<T>, done: (result: T) => BrowserPage): Promise<T>
  stop(): Promise<void>
}

/** Seconds that the browser waits while the tokens are fetched. */
const ANSWER_S = 120

const FAVICON = '/favicon.ico'

/** Listens on loopback for the browser that comes back from the sign-in page. @throws GatewayError where the port is taken */
export function listenForSignIn(port: number, clock: Clock, leaving: AbortSignal): SignInListener {
  let answer: (request: Request) => Promise<Response> = async () => new Response(null, { status: 404 })
  const server = serve(port, request => answer(request))
  return {
    redirectUri: `http://localhost:${server.port}`,
    finished: (signIn, finish, done) =>
      new Promise((resolve, reject) => {
        const minutes = PATIENCE_MS / 60_000
        const giveUp = clock.after(PATIENCE_MS, () => reject(new GatewayError('timeout', `nobody has signed in within ${minutes} minutes`)))
        const leave = (): void => reject(new GatewayError('cancelled', 'cancelled'))
        if (leaving.aborted) leave()
        leaving.addEventListener('abort', leave, { once: true })
        let isTaken = false
        answer = async request => {
          const { pathname, search, searchParams } = new URL(request.url)
          if (pathname === FAVICON || request.method !== 'GET') return new Response(null, { status: 404 })
          // Any page in the browser can ask here: only the answer to this sign-in ends it.
          if (searchParams.get('state') !== signIn.state) return pageResponse(STRANGE)
          if (isTaken) return pageResponse(ONCE)
          isTaken = true
          giveUp()
          try {
            const result = await finish(readCallback(`/${search}`, signIn.state))
            resolve(result)
            return pageResponse(done(result))
          } catch (thrown) {
            reject(thrown)
            const { message, kind } = asGatewayError(thrown)
            const text = kind === 'internal' ? 'Something went wrong; the terminal says what.' : sentence(message)
            return pageResponse({ status: 400, title: 'The sign-in failed', text: `${text} Go back to the terminal to try again.` })
          }
        }
      }),
    // What is being answered is answered; but a browser that holds a connection open is not waited for.
    stop: () => Promise.race([server.stop(), clock.sleep(500)]).then(() => server.stop(true)),
  }
}

const sentence = (text: string): string => (/[.?!]$/.test(text) ? text : `${text}.`)

const STRANGE: BrowserPage = {
  status: 400,
  title: 'Not this sign-in',
  text: 'This address waits for the answer to a sign-in that was begun in a terminal. Open the address that is printed there.',
}

const ONCE: BrowserPage = { status: 410, title: 'Already done', text: 'This answer has been taken. The terminal says what came of it.' }

function serve(port: number, fetch: (request: Request) => Promise<Response>): Bun.Server<undefined> {
  try {
    return Bun.serve({ hostname: '127.0.0.1', port, idleTimeout: ANSWER_S, reusePort: false, development: false, fetch })
  } catch (cause) {
    const isTaken = (cause as { code?: string }).code === 'EADDRINUSE'
    const why = isTaken ? `port ${port} is taken: choose another with --port` : `cannot listen on port ${port}`
    throw new GatewayError('unavailable', why, { cause })
  }
}
