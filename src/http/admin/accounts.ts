import { Elysia } from 'elysia'
import { invalidField } from '../../core/errors.ts'
import type { JsonObject } from '../../core/json.ts'
import { readBody } from '../body.ts'
import { accountDocs } from '../docs/accounts.ts'
import type { HttpServices } from '../services.ts'
import { type AdminRoute, serveAdmin } from './serve.ts'

const LIST = '/admin/accounts'
const ONE = `${LIST}/:id`
const CHECK = `${ONE}/check`

/** Managing accounts: what comes in is put into effect before the answer goes out. */
export const accountRoutes = (services: HttpServices) => {
  const { accounts } = services.admin
  const bodyOf = async (request: Request): Promise<JsonObject> => (await readBody(request, services.settings())).body
  const serveOne = (request: Request, name: string, produce: (id: string) => ReturnType<AdminRoute['produce']>) =>
    serveAdmin(request, services, { name: name.replace(':id', '{id}'), produce: url => produce(idIn(url)) })
  const update = ({ request }: { request: Request }) =>
    serveOne(request, ONE, async id => accounts.update(id, await bodyOf(request), matchedVersion(request.headers)))
  return new Elysia({ name: 'routes.admin.accounts' })
    .get(LIST, ({ request }) => serveAdmin(request, services, { produce: ({ searchParams }) => accounts.list(searchParams) }), {
      parse: 'none',
      detail: accountDocs.list,
    })
    .post(
      LIST,
      ({ request }) => serveAdmin(request, services, { status: 201, produce: async () => accounts.create(await bodyOf(request)) }),
      {
        parse: 'none',
        detail: accountDocs.create,
      },
    )
    .get(ONE, ({ request }) => serveOne(request, ONE, id => accounts.get(id)), { parse: 'none', detail: accountDocs.get })
    .patch(ONE, update, { parse: 'none', detail: accountDocs.update })
    .put(ONE, update, { parse: 'none', detail: accountDocs.replace })
    .delete(
      ONE,
      ({ request }) =>
        serveOne(request, ONE, async id => {
          await accounts.remove(id, matchedVersion(request.headers))
          return undefined
        }),
      { parse: 'none', detail: accountDocs.remove },
    )
    .post(CHECK, ({ request }) => serveOne(request, CHECK, id => accounts.check(id)), { parse: 'none', detail: accountDocs.check })
}

/** The segment behind the list's: an id, or a label with whatever characters it has. */
function idIn({ pathname }: URL): string {
  const segment = pathname.slice(LIST.length + 1).split('/', 1)[0] ?? ''
  try {
    return decodeURIComponent(segment)
  } catch {
    return segment
  }
}

/** @throws GatewayError where it is no version of ours */
function matchedVersion(headers: Headers): number | undefined {
  const text = headers.get('if-match')?.trim()
  if (text === undefined || text === '*') return undefined
  const version = /^(?:W\/)?"?(\d{1,15})"?$/.exec(text)?.[1]
  if (version === undefined) throw invalidField('if-match', 'must be the version that was read, as in "3"', 'invalid_value')
  return Number(version)
}
