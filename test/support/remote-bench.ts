/** The bench of the directory target with its place on a host over SSH; what is there is looked at from outside. */
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Json } from '../../src/base/hash.js'
import { directoryTarget } from '../../src/drivers/targets/directory.js'
import { remoteAccess } from '../../src/drivers/targets/directory/files/access.js'
import { releasePreparer } from '../../src/drivers/targets/directory/files/prepare-release.js'
import { layoutOf } from '../../src/drivers/targets/directory/layout.js'
import { readOptions } from '../../src/drivers/targets/directory/options.js'
import type { HostLink } from '../../src/model/host.js'
import { randomHex } from '../../src/drivers/system/random-hex.js'
import { directoryBench, type DirectoryBench } from './directory-bench.js'
import type { SshHost } from './ssh-host.js'
import { worldOfFolder, type FolderWorld } from './world-of-folder.js'

export interface RemoteBench extends DirectoryBench {
  /** The place and what may be left beside it, as `worldOfTarget` has it. */
  look(): Promise<FolderWorld>
  /** A path on the host, seen from here. */
  seen(path: string): string
}

export async function remoteBench(
  host: SshHost,
  link: HostLink,
  place = `it's a "place" $HOME`,
): Promise<RemoteBench> {
  const bench = await directoryBench()
  const ground = `/srv/${randomHex(8)}`
  const folder = `${ground}/${place}`
  const seen = (path: string): string => join(host.root, path)
  await mkdir(seen(folder), { recursive: true })
  const path = `${folder}/srv`
  const prepare = releasePreparer(bench.ports.cacheDirectory, process.pid)
  return {
    ...bench,
    path,
    seen,
    target(options: { readonly [option: string]: Json } = {}) {
      const read = readOptions({ type: 'directory', path, ...options }, '/')
      const layout = layoutOf(read.path)
      return directoryTarget(layout, read, remoteAccess(link, layout, prepare), bench.ports)
    },
    async look() {
      const world = await worldOfFolder(seen(folder))
      const bookkeeping = /^srv\/\.deployctl\/(records|manifests)\//
      return Object.fromEntries(
        Object.entries(world).map(([name, what]) => [name, bookkeeping.test(name) ? 'there' : what]),
      )
    },
  }
}
