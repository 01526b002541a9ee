/** The options of a directory target as they are meant: defaults filled in, paths absolute, units resolved. */
import { isAbsolute, join, resolve } from 'node:path'
import { DeployError } from '../../../base/deploy-error.js'
import { durationMs } from '../../../base/duration.js'
import { becomeOf, type Become, type WrittenBecome } from '../../../model/become.js'
import type { Command, DriverSpec } from '../../../model/spec.js'
import type { transfers } from './schema.js'
import { defaultTimeout, type runitSignals, type signals, type systemdActions } from './restart-schema.js'

export type Signal = (typeof signals)[number]
export type RunitSignal = (typeof runitSignals)[number]
export type SystemdAction = (typeof systemdActions)[number]

export type Transfer = (typeof transfers)[number]

export interface CommandRestart {
  readonly kind: 'command'
  /** An argument list, or a line for the shell. */
  readonly command: Command
  readonly stop: Command | null
  readonly timeoutMs: number
}
export interface SystemdRestart {
  readonly kind: 'systemd'
  readonly unit: string
  readonly action: SystemdAction
  readonly user: boolean
  readonly timeoutMs: number
}
export interface PidFileRestart {
  readonly kind: 'pidFile'
  /** Absolute. */
  readonly path: string
  readonly signal: Signal
  readonly stop: Signal
}
export interface RunitRestart {
  readonly kind: 'runit'
  /** A name in the folder of services, or the absolute path of a service's folder. */
  readonly service: string
  /** Sent instead of a restart. */
  readonly signal: RunitSignal | null
  readonly timeoutMs: number
}
export interface SupervisorRestart {
  readonly kind: 'supervisor'
  /** A program, `group:program`, or `group:*`. */
  readonly program: string
  /** Null for the one that supervisorctl finds. */
  readonly config: string | null
  /** Sent instead of a restart. */
  readonly signal: Signal | null
  readonly timeoutMs: number
}
export type Restart = CommandRestart | SystemdRestart | PidFileRestart | RunitRestart | SupervisorRestart

/** One thing all releases have in common, by its place inside a release, without the slash at the end. */
export interface SharedEntry {
  readonly place: string
  readonly kind: 'file' | 'folder'
}

export interface DirectoryOptions {
  /** Absolute. */
  readonly path: string
  readonly shared: readonly SharedEntry[]
  readonly restart: Restart | null
  readonly owner: { readonly user: string; readonly group: string | null } | null
  /** Bits that no file of a release has; null leaves its modes as they are. */
  readonly umask: number | null
  readonly become: Become | null
  readonly strip: number | null
  readonly include: readonly string[] | null
  /** How a release reaches a host. */
  readonly transfer: Transfer
}

/** The shape that the schema (schema.ts) admits. */
interface Written {
  readonly path: string
  readonly shared?: readonly string[]
  readonly restart?: WrittenRestart
  readonly owner?: string
  readonly umask?: string
  readonly become?: WrittenBecome
  readonly strip?: number
  readonly include?: readonly string[]
  readonly transfer?: Transfer
}
type WrittenRestart =
  | { readonly command: readonly string[]; readonly stop?: readonly string[]; readonly timeout?: string }
  | { readonly shell: string; readonly stop?: readonly string[]; readonly timeout?: string }
  | {
      readonly systemd: string
      readonly action?: SystemdAction
      readonly user?: boolean
      readonly timeout?: string
    }
  | { readonly runit: string; readonly signal?: RunitSignal; readonly timeout?: string }
  | {
      readonly supervisor: string
      readonly config?: string
      readonly signal?: Signal
      readonly timeout?: string
    }
  | { readonly pidFile: string; readonly signal?: Signal; readonly stop?: Signal }

/** `base` is where a relative path starts; null on another host, which has no such folder. */
export function readOptions(spec: DriverSpec, base: string | null): DirectoryOptions {
  const written = spec as unknown as Written // validation by the schema has admitted it
  if (base === null && !isAbsolute(written.path)) {
    throw new DeployError(
      'CONFIG_INVALID',
      `path: "${written.path}" is relative, and on a host that means nothing.`,
      {
        hint: 'Write it from the root of the host: /srv/app.',
      },
    )
  }
  if (written.transfer === 'pull' && written.include !== undefined) {
    throw new DeployError('CONFIG_INVALID', 'transfer: pull takes all of an archive, and include: a part.', {
      hint: 'Leave one of the two out.',
    })
  }
  const path = resolve(base ?? '/', written.path)
  const [user, group] = written.owner?.split(':') ?? []
  return {
    path,
    shared: sharedEntries(written.shared ?? []),
    restart: written.restart === undefined ? null : restartOf(written.restart, path),
    owner: user === undefined ? null : { user, group: group ?? null },
    umask: written.umask === undefined ? null : Number.parseInt(written.umask, 8),
    become: becomeOf(written.become),
    strip: written.strip ?? null,
    include: written.include ?? null,
    transfer: written.transfer ?? 'archive',
  }
}

/** Sorted, so that a parent would come before what is in it; and one inside another is refused. */
function sharedEntries(written: readonly string[]): readonly SharedEntry[] {
  const entries = written
    .map((text): SharedEntry => ({
      place: text.replace(/\/+$/, ''),
      kind: text.endsWith('/') ? 'folder' : 'file',
    }))
    .sort((a, b) => (a.place < b.place ? -1 : 1))
  for (const [index, entry] of entries.entries()) {
    const inside = entries.find(
      (other, at) =>
        at !== index && (entry.place === other.place || entry.place.startsWith(`${other.place}/`)),
    )
    if (inside === undefined) continue
    throw new DeployError(
      'CONFIG_INVALID',
      `shared: "${entry.place}" lies in "${inside.place}", which is shared as well.`,
      {
        hint: 'Keep one of the two.',
      },
    )
  }
  return entries
}

function restartOf(written: WrittenRestart, root: string): Restart {
  if ('pidFile' in written) {
    const path = isAbsolute(written.pidFile) ? written.pidFile : join(root, written.pidFile)
    return { kind: 'pidFile', path, signal: written.signal ?? 'HUP', stop: written.stop ?? 'TERM' }
  }
  const timeoutMs = durationMs(written.timeout ?? defaultTimeout)
  if ('systemd' in written) {
    const { systemd: unit, action = 'restart', user = false } = written
    return { kind: 'systemd', unit, action, user, timeoutMs }
  }
  if ('runit' in written)
    return { kind: 'runit', service: written.runit, signal: written.signal ?? null, timeoutMs }
  if ('supervisor' in written) {
    const { supervisor: program, config = null, signal = null } = written
    return { kind: 'supervisor', program, config, signal, timeoutMs }
  }
  const command = 'shell' in written ? { shell: written.shell } : { run: written.command }
  return {
    kind: 'command',
    command,
    stop: written.stop === undefined ? null : { run: written.stop },
    timeoutMs,
  }
}
