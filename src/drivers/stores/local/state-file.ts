/**
 * The recorded state of one environment: one file, replaced whole, with the serial before it kept as a backup.
 *
 * Reading says plainly what is wrong with a damaged file. Writing compares the serial first, and nobody else writes
 * between the comparison and the replacement.
 */
import { copyFile, link, readFile, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { DeployError, systemCodeOf } from '../../../base/deploy-error.js'
import type { RecordedState } from '../../../model/state.js'
import { ensureFolder } from '../../system/ensure-folder.js'
import { naming } from '../../system/file-error.js'
import { ifThere } from '../../system/if-there.js'
import { removeTemporaries, writeAtomically } from '../../system/write-atomically.js'
import type { LockFolder } from './lock-folder.js'
import { judgeState } from './state-text.js'

const writeWaitMs = 10_000

export interface StateFile {
  read(): Promise<RecordedState | null>
  writeIf(expectedSerial: number | null, next: RecordedState): Promise<void>
}

/** `writers` is locked for the moment of each write: the environment's lock is the caller's, and not known here. */
export function stateFile(path: string, environment: string, writers: LockFolder): StateFile {
  const backup = `${path}.backup`

  async function read(): Promise<RecordedState | null> {
    const text = await readIfThere(path)
    if (text === null) {
      // deployctl never removes a state, so without the file there must be no backup either.
      if ((await readIfThere(backup)) === null) return null
      throw await corrupt('is missing, but its backup is there', false)
    }
    const judgement = judgeState(text, environment)
    if ('state' in judgement) return judgement.state
    throw await corrupt(judgement.problem, judgement.isNewer)
  }

  async function corrupt(problem: string, isNewer: boolean): Promise<DeployError> {
    const message = `the state of ${environment}, ${path}, ${problem}`
    if (isNewer)
      return new DeployError('STATE_CORRUPT', message, { hint: 'Upgrade deployctl on this machine.' })
    const saved = judgeState((await readIfThere(backup)) ?? '', environment)
    if (!('state' in saved)) {
      const hint = `There is no usable backup beside it. Restore ${path} from your own, or move it away to begin with an empty state.`
      return new DeployError('STATE_CORRUPT', message, { hint })
    }
    return new DeployError('STATE_CORRUPT', message, {
      hint: `To go back to the backup: cp -p ${backup} ${path}; then \`deployctl plan\` shows what differs from it.`,
      details: [`${backup} holds ${describe(saved.state)}`],
    })
  }

  async function replace(next: RecordedState): Promise<void> {
    await removeTemporaries(path)
    await naming('back up', path, () => keepBackup(path, backup))
    await writeAtomically(path, `${JSON.stringify(next)}\n`)
  }

  return {
    read,
    async writeIf(expectedSerial, next) {
      await ensureFolder(dirname(path))
      const request = { operation: 'write the state', by: next.written.by, waitMs: writeWaitMs }
      const turn = await writers.take(request, new AbortController().signal)
      try {
        refuseStale(await read(), expectedSerial, next)
        await replace(next)
      } finally {
        await turn.release()
      }
    },
  }
}

function refuseStale(stored: RecordedState | null, expectedSerial: number | null, next: RecordedState): void {
  const expected = expectedSerial === null ? 'no state yet' : `serial ${expectedSerial}`
  const stale = (found: string): DeployError =>
    new DeployError(
      'PLAN_STALE',
      `the state of ${next.environment} has moved: expected ${expected}, found ${found}`,
      {
        hint: 'Plan again: somebody changed this environment in between.',
      },
    )
  if (stored === null) {
    if (expectedSerial !== null) throw stale('none')
    return
  }
  if (stored.project !== next.project) {
    throw new DeployError(
      'STATE_CORRUPT',
      `the state of ${next.environment} belongs to the project ${stored.project}`,
      {
        hint: `Give ${next.project} a state of its own: set another \`path\` under \`state\` in deploy.yaml.`,
      },
    )
  }
  if (stored.serial !== expectedSerial) throw stale(describe(stored))
  if (stored.lineage !== next.lineage)
    throw stale(`${describe(stored)}, of another origin (${stored.lineage})`)
}

function describe(state: RecordedState): string {
  return `serial ${state.serial}, written ${state.written.at} by ${state.written.by} (${state.written.cause})`
}

/** The backup is the old file itself, by a second name; where that cannot be, a copy. */
async function keepBackup(path: string, backup: string): Promise<void> {
  const fresh = `${backup}.tmp`
  await rm(fresh, { force: true })
  try {
    await link(path, fresh)
  } catch (error) {
    if (systemCodeOf(error) === 'ENOENT') return // the first state
    await copyFile(path, fresh)
  }
  await rename(fresh, backup)
  await rm(fresh, { force: true }) // rename does nothing when both are the same file
}

async function readIfThere(path: string): Promise<string | null> {
  return naming('read', path, () => ifThere(readFile(path, 'utf8')))
}
