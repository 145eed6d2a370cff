import type { Json } from '../../checkers/json.ts'
import { ADMIN_KEY } from './gateway.ts'

/** Calls a management route with the tests' admin key. */
export const admin = (url: string, path: string, init: RequestInit = {}): Promise<Response> =>
  fetch(url + path, { ...init, headers: { authorization: `Bearer ${ADMIN_KEY}`, ...(init.headers as Record<string, string>) } })

/** What a management list answers. */
export async function adminList(url: string, path: string): Promise<{ data: Json[]; next: string | null }> {
  const response = await admin(url, path)
  if (response.status !== 200) throw new Error(`${path}: ${response.status} ${await response.text()}`)
  return (await response.json()) as { data: Json[]; next: string | null }
}

/** The record of the request that was answered with this id. @throws where there is none. */
export async function recordOf(url: string, answer: Response): Promise<Json> {
  const id = answer.headers.get('x-request-id')
  const { data } = await adminList(url, '/admin/requests?limit=1000')
  const record = data.find(row => row.id === id)
  if (!record) throw new Error(`no record of ${id}`)
  return record
}
