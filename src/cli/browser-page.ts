/** What a page of the sign-in tells the person at the browser. */
export interface BrowserPage {
  status: number
  title: string
  text: string
}

const ESCAPED: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' }

const escaped = (text: string): string => text.replace(/[&<>"']/g, character => ESCAPED[character] ?? '')

const STYLE =
  'body{font:17px/1.5 system-ui,sans-serif;max-width:34em;margin:18vh auto;padding:0 1.5em;color:#222;background:#fff}' +
  'h1{font-size:1.5em;margin:0 0 .5em}p{margin:0}@media(prefers-color-scheme:dark){body{color:#ddd;background:#1b1b1b}}'

/** The page, which loads nothing, is kept nowhere, and does not hand its address on: there is a code in it. */
export function pageResponse({ status, title, text }: BrowserPage): Response {
  const html =
    `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">` +
    `<title>${escaped(title)} · Dragoman</title><style>${STYLE}</style><h1>${escaped(title)}</h1><p>${escaped(text)}</p></html>\n`
  return new Response(html, {
    status,
    headers: {
      'content-type': 'text/html; charset=utf-8',
      'cache-control': 'no-store',
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
      'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
      connection: 'close',
    },
  })
}
