/** Local stores in a temporary folder, for the contract and for this store's own tests; and a program that opens one. */
import { mkdtemp, realpath, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { build } from 'esbuild'
import type { StateStore } from '../../../../src/model/state-store.js'
import { openLocalStore } from './open-local-store.js'

export interface LocalWorld {
  readonly root: string
  readonly worker: string
  open(): StateStore
  journalFile(environment: string, deployment: string): string
  close(): Promise<void>
}

export async function localWorld(): Promise<LocalWorld> {
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'deployctl-local-')))
  const root = join(folder, '.deployctl')
  return {
    root,
    worker: await buildWorker(folder),
    open: () => openLocalStore(folder),
    journalFile: (environment, deployment) => join(root, 'journals', environment, `${deployment}.jsonl`),
    close: () => rm(folder, { recursive: true, force: true }),
  }
}

async function buildWorker(folder: string): Promise<string> {
  const outfile = join(folder, 'worker.mjs')
  await build({
    stdin: {
      contents: `
        import { openLocalStore } from './test/drivers/stores/local/open-local-store.js'
        import { runWorker } from './test/contract/store-worker.js'
        const [, , environment, job] = process.argv
        await runWorker(openLocalStore(${JSON.stringify(folder)}), environment, JSON.parse(job))`,
      resolveDir: process.cwd(),
    },
    bundle: true,
    platform: 'node',
    format: 'esm',
    outfile,
  })
  return outfile
}
