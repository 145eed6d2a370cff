import { resolve } from 'node:path'
import { GatewayError, invalidField } from '../core/errors.ts'
import type { JsonObject } from '../core/json.ts'
import { givenSecret, type Listening } from './given-secret.ts'

/** The flags that say what an account proves itself with. */
export interface CredentialOptions {
  jwt?: string
  license?: string
  authorization?: string
  refreshToken?: string
  accessToken?: string
  resourceUrl?: string
  qwenFile?: string
  apiKey?: string
}

type Flag = keyof CredentialOptions

const NAMES: Readonly<Record<Flag, string>> = {
  jwt: '--jwt',
  license: '--license',
  authorization: '--authorization',
  refreshToken: '--refresh-token',
  accessToken: '--access-token',
  resourceUrl: '--resource-url',
  qwenFile: '--qwen-file',
  apiKey: '--api-key',
}

interface Form {
  /** Which flag speaks of this form. */
  by: Flag
  /** What has to be there too, and what may be. */
  needs?: readonly Flag[]
  takes?: readonly Flag[]
  credential(given: Readonly<Record<Flag, string>>): JsonObject
}

const licence = (license: string) => (license === '' ? {} : { licenseId: license })

/** The first whose flag is given is meant. */
const FORMS: readonly Form[] = [
  { by: 'qwenFile', credential: ({ qwenFile }) => ({ kind: 'qwen_oauth', file: resolve(qwenFile) }) },
  {
    ...{ by: 'accessToken', needs: ['refreshToken'], takes: ['resourceUrl'] },
    credential: ({ accessToken, refreshToken, resourceUrl }) => ({
      ...{ kind: 'qwen_oauth', access_token: accessToken, refresh_token: refreshToken },
      ...(resourceUrl !== '' && { resource_url: resourceUrl }),
    }),
  },
  { by: 'jwt', takes: ['license'], credential: ({ jwt, license }) => ({ kind: 'static_jwt', ...licence(license), jwt }) },
  {
    ...{ by: 'authorization', needs: ['license'] },
    credential: ({ authorization, license }) => ({ kind: 'jetbrains_license', ...licence(license), authorization }),
  },
  {
    ...{ by: 'refreshToken', needs: ['license'] },
    credential: ({ refreshToken, license }) => ({ kind: 'jetbrains_oauth', ...licence(license), refresh_token: refreshToken }),
  },
  { by: 'apiKey', credential: ({ apiKey }) => ({ kind: 'api_key', api_key: apiKey }) },
]

/** What may stand on the command line, and in lists of processes. */
const OPEN: readonly Flag[] = ['license', 'resourceUrl', 'qwenFile']

/** The credential of the management API that the flags describe. @throws GatewayError naming a flag, never a secret */
export async function credentialOf(options: CredentialOptions, readLine: Listening['readLine']): Promise<JsonObject> {
  const given = (Object.keys(NAMES) as Flag[]).filter(flag => options[flag] !== undefined)
  const form = FORMS.find(({ by }) => given.includes(by))
  if (!form) {
    const ways = FORMS.map(({ by }) => NAMES[by]).join(', ')
    throw new GatewayError('invalid-request', `give one of ${ways} (--help says more)`)
  }
  const { by, needs = [], takes = [] } = form
  const stray = given.find(flag => flag !== by && !needs.includes(flag) && !takes.includes(flag))
  if (stray !== undefined) throw invalidField(NAMES[stray], `cannot be given with ${NAMES[by]}`)
  const missing = needs.find(flag => !given.includes(flag))
  // A refresh token alone may be of either vendor.
  const also = by === 'refreshToken' ? ` (JetBrains) or ${NAMES.accessToken} (Qwen)` : ''
  if (missing !== undefined) throw invalidField(NAMES[by], `needs ${NAMES[missing]}${also} too`)
  const lines = given.filter(flag => options[flag] === '-' && !OPEN.includes(flag))
  if (lines[1] !== undefined)
    throw invalidField(NAMES[lines[1]], `the standard input is read for ${NAMES[lines[0] as Flag]}: give a file, as @FILE`)
  const values: Record<string, string> = {}
  for (const flag of Object.keys(NAMES) as Flag[]) {
    const text = options[flag] ?? ''
    values[flag] = !given.includes(flag) || OPEN.includes(flag) ? text : await givenSecret(NAMES[flag], text, readLine)
  }
  return form.credential(values as Record<Flag, string>)
}
