/** How a target gets at its host: the files of its place, for one operation at a time, and a shell. */
import type { HostLink } from '../../../../model/host.js'
import { localHost } from '../../../../model/host-spec.js'
import type { Shell } from '../../../../model/shell.js'
import type { Layout } from '../layout.js'
import type { HostFiles } from './host-files.js'
import { localFiles } from './local-files.js'
import type { ReleasePreparer } from './prepare-release.js'
import { remoteFiles } from './remote-files.js'
import type { Seen } from './remote-queue.js'

export interface Access {
  /** The name of the host. */
  readonly host: string
  readonly shell: Shell
  /** Makes a release ready to be sent; null where nothing is sent. */
  readonly prepare: ReleasePreparer | null
  /** Begins to connect, where there is something to connect to. */
  approach(): void
  /** One operation: when it returns, whatever it has changed has happened. */
  use<T>(doing: string, signal: AbortSignal, work: (files: HostFiles) => Promise<T>): Promise<T>
  /** From now on changes are made only while this file is there; null ends that. */
  hold(claim: string | null): void
}

export function localAccess(shell: Shell): Access {
  return {
    host: localHost,
    shell,
    prepare: null,
    approach: () => undefined,
    use: (_doing, _signal, work) => work(localFiles),
    hold: () => undefined,
  }
}

/**
 * While the place is claimed nobody else changes it, so what one operation has seen spares the next one the looking;
 * each still fails where the host is not as it was seen.
 */
export function remoteAccess(link: HostLink, layout: Layout, prepare: ReleasePreparer): Access {
  let claim: string | null = null
  let kept: Seen | null = null
  return {
    host: link.host.name,
    shell: link.shell,
    prepare,
    approach: () => link.connectAhead(),
    hold(file) {
      claim = file
      kept = null
    },
    async use(doing, signal, work) {
      const seen = kept
      kept = null // until this one has gone well
      const files = remoteFiles({ link, layout, prepare, signal, claim: () => claim, seen, doing })
      try {
        const result = await work(files)
        await files.settle()
        if (claim !== null) kept = files.seen()
        return result
      } catch (error) {
        await files.settle().catch(() => undefined) // what was asked for before it; what counts is the error
        throw error
      }
    },
  }
}
