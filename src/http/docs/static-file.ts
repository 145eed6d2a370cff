import { PAGE_HEADERS } from './page.ts'

/** Bytes that never change while the process lives, and the tag that says so to browsers. */
interface Contents {
  bytes: Uint8Array<ArrayBuffer>
  etag: string
}

/** What a route serves: read when it is first asked for, then kept. */
export interface StaticFile {
  type: string
  contents(): Promise<Contents>
}

const encoder = new TextEncoder()

export function staticFile(type: string, read: () => Promise<string | Uint8Array<ArrayBuffer>>): StaticFile {
  let kept: Promise<Contents> | undefined
  const load = async (): Promise<Contents> => {
    const content = await read()
    const bytes = typeof content === 'string' ? encoder.encode(content) : content
    return { bytes, etag: `"${new Bun.CryptoHasher('sha256').update(bytes).digest('base64url').slice(0, 22)}"` }
  }
  return {
    type,
    contents() {
      kept ??= load().catch(error => {
        kept = undefined
        throw error
      })
      return kept
    },
  }
}

export const staticText = (type: string, text: string): StaticFile => staticFile(type, async () => text)

/** @param path where an import `with { type: 'file' }` says the file lies */
export const embeddedFile = (type: string, path: string): StaticFile => staticFile(type, () => Bun.file(path).bytes())

const tagsOf = (header: string | null): string[] => (header ?? '').split(',').map(tag => tag.trim().replace(/^W\//, ''))

/** Browsers ask again each time and mostly hear 304: a new version of the binary shows at once. */
export async function serveFile(file: StaticFile, request: Request): Promise<Response> {
  const { bytes, etag } = await file.contents()
  const headers = { ...PAGE_HEADERS, etag, 'cache-control': 'no-cache' }
  if (tagsOf(request.headers.get('if-none-match')).includes(etag)) return new Response(null, { status: 304, headers })
  return new Response(bytes, { headers: { ...headers, 'content-type': file.type } })
}
