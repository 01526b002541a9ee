/**
 * An engine's socket on another machine, brought here over SSH for as long as this process runs: a socket of our own in a
 * folder that nobody else may enter, at whose other end the system's ssh is.
 */
import { chmod, mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DeployError } from '../../../../base/deploy-error.js'
import type { Clock } from '../../../../model/clock.js'
import type { HostLink } from '../../../../model/host.js'
import { openChild } from '../../../system/open-child.js'
import { removeAtExit } from '../../../system/remove-at-exit.js'

export interface FarSocket {
  readonly path: string
  /** False when the connection has gone: then another one is to be opened. */
  isOpen(): boolean
}

const openWithinMs = 60_000
const mostSaidBytes = 8192

export async function openFarSocket(link: HostLink, there: string, clock: Clock): Promise<FarSocket> {
  const folder = await mkdtemp(join(tmpdir(), 'deployctl-engine-'))
  removeAtExit(folder)
  await chmod(folder, 0o700)
  const path = join(folder, 'docker.sock')
  const child = await openChild(link.socket(path, there))
  let [isOpen, said] = [true, '']
  child.stderr.on('data', (bytes: Buffer) => {
    if (said.length < mostSaidBytes) said += bytes.toString('utf8')
  })
  const ended = child.ended.then(() => {
    isOpen = false
    return 'ended' as const
  })
  const over = new AbortController()
  const ready = new Promise<'ready'>((resolve) => child.stdout.once('data', () => resolve('ready')))
  const late = clock.sleep(openWithinMs, over.signal).then(() => 'late' as const)
  const became = await Promise.race([ready, ended, late])
  over.abort()
  if (became !== 'ready') {
    child.kill()
    throw notOpened(link, said, became)
  }
  child.keep(false)
  return { path, isOpen: () => isOpen }
}

function notOpened(link: HostLink, said: string, became: 'ended' | 'late'): DeployError {
  const why = became === 'late' ? `no answer within ${openWithinMs / 1000} s` : 'ssh ended'
  const details = said.trim() === '' ? [] : said.trim().split(/\r?\n/)
  return new DeployError(
    'HOST_UNREACHABLE',
    `The engine of ${link.host.name} could not be reached over SSH: ${why}.`,
    {
      details,
      hint: 'deployctl doctor looks at hosts of deploy.yaml. The sshd there must allow it (AllowStreamLocalForwarding yes).',
    },
  )
}
