import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** Writes `SHA256SUMS` over those of the files that are in the folder, as `sha256sum --check` reads it. */
export async function writeChecksums(folder: string, files: readonly string[]): Promise<void> {
  const lines: string[] = []
  for (const name of files.filter(each => existsSync(join(folder, each))).sort()) {
    const hash = new Bun.CryptoHasher('sha256')
    for await (const piece of Bun.file(join(folder, name)).stream()) hash.update(piece)
    lines.push(`${hash.digest('hex')}  ${name}\n`)
  }
  writeFileSync(join(folder, 'SHA256SUMS'), lines.join(''))
}
