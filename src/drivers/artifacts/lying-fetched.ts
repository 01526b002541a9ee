/**
 * Files that were fetched to learn their digest, as src/drivers/sources/digest-by-fetching.ts keeps them for all
 * sources: `<hex>` the file, until it is asked for; `<hex>.json` what it is; `<hex>.lock` who fetches it.
 */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { digestOfFile } from './file-digest.js'
import { namesIn, statOf, type Lying } from './lying.js'

export async function lyingFetched(directory: string, prefix: string): Promise<readonly Lying[]> {
  const names = (await namesIn(directory)).filter((name) => /^[0-9a-f]{64}$/.test(name))
  const found = await Promise.all(names.map((name) => fetched(directory, prefix, name)))
  return found.filter((lying) => lying !== null)
}

async function fetched(directory: string, prefix: string, name: string): Promise<Lying | null> {
  const file = join(directory, name)
  const [found, digest] = [await statOf(file), await digestIn(`${file}.json`)]
  if (found?.isFile() !== true) return null
  return {
    entry: {
      kind: digest === null ? 'beginning' : 'fetched',
      id: join(prefix, name),
      digest,
      bytes: found.size,
      name: '',
      source: '',
      version: '',
      usedAt: found.mtime.toISOString(),
    },
    path: file,
    lock: `${file}.lock`,
    remains: [file, `${file}.resume`],
    usedAtMs: async () => ((await statOf(file)) ?? found).mtimeMs,
    isSound:
      digest === null ? null : async (signal) => (await digestOfFile(file, 'sha256', signal)) === digest,
  }
}

async function digestIn(note: string): Promise<string | null> {
  try {
    // written by ourselves; what it claims is compared with the bytes
    const { measured } = JSON.parse(await readFile(note, 'utf8')) as {
      readonly measured?: { readonly digest?: string }
    }
    return measured?.digest ?? null
  } catch {
    return null
  }
}
