import type { Payload } from '../delivery.ts'
import type { RecordedRequest } from '../simulator.ts'

/** The page on which a person decides. It needs both query members (qwen.md §1.3). */
export function authorizePage({ query }: RecordedRequest): Payload {
  const { user_code: code, client } = query
  if (!code || !client) return page(400, '<p>user_code or client is null</p>')
  const button = (act: string): string =>
    `<form method="post" action="/__sim/${act}"><input type="hidden" name="user_code" value="${escaped(code)}"><button>${act}</button></form>`
  return page(200, `<h1>${escaped(client)} wants to sign in</h1><p>${escaped(code)}</p>${button('approve')}${button('deny')}`)
}

export const page = (status: number, body: string): Payload => ({
  status,
  headers: { 'content-type': 'text/html; charset=utf-8' },
  body: `<!doctype html><title>Qwen</title>${body}\n`,
})

const escaped = (text: string): string => text.replace(/[&<>"]/g, letter => `&#${letter.charCodeAt(0)};`)
