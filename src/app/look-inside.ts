/** `logs` and `exec`: what the copies of a service say, and a command inside one of them. Neither changes a record. */
import { DeployError } from '../base/deploy-error.js'
import type { OutputLine } from '../model/event.js'
import { copyName, type Instance } from '../model/instance.js'
import { specOn, type Command } from '../model/spec.js'
import type { Target } from '../model/target.js'
import { openHostBook } from './host-book.js'
import { recordedService } from './recorded-service.js'
import type { World } from './world.js'

export interface CopyRequest {
  readonly service: string
  /** As status and plans call it: its number, or its whole name; null for all of them, or the first. */
  readonly copy: string | null
}

export interface LogsRequest extends CopyRequest {
  readonly lastLines: number
  readonly follow: boolean
}

export interface ExecRequest extends CopyRequest {
  readonly command: Command
}

export interface CopyListener {
  /** Before anything is said. */
  onCopies(names: readonly string[]): void
  onLine(copy: string, line: OutputLine): void
}

export interface ExecResult {
  readonly copy: string
  readonly exitCode: number | null
}

/** Nobody follows for ever. */
const longestMs = 24 * 60 * 60_000

interface Copy {
  readonly name: string
  readonly instance: Instance
  readonly target: Target
}

export async function showLogs(
  world: World,
  request: LogsRequest,
  listener: CopyListener,
  signal: AbortSignal,
): Promise<void> {
  const copies = await copiesOf(world, request, signal)
  listener.onCopies(copies.map(({ name }) => name))
  await Promise.all(
    copies.map(async ({ name, instance, target }) => {
      if (target.logs === undefined) throw hasNone(request.service, 'log', 'deployctl knows of')
      await target.logs(instance, request, (line) => listener.onLine(name, line), signal)
    }),
  )
}

export async function execInside(
  world: World,
  request: ExecRequest,
  listener: CopyListener,
  signal: AbortSignal,
): Promise<ExecResult> {
  const [copy] = await copiesOf(world, request, signal)
  const reach = await copy?.target.reach?.(copy.instance, signal)
  if (copy === undefined || reach === undefined)
    throw hasNone(request.service, 'inside', 'to run a command in')
  if (reach.ended !== null) {
    throw new DeployError('TARGET_REFUSED', `${copy.name} does not run: ${reach.ended}.`, {
      hint: `deployctl logs ${request.service} --copy ${copy.name}`,
    })
  }
  listener.onCopies([copy.name])
  const onLine = (line: OutputLine): void => listener.onLine(copy.name, line)
  const { exitCode } = await reach.run(request.command, { env: {}, timeoutMs: longestMs, onLine }, signal)
  return { copy: copy.name, exitCode }
}

async function copiesOf(
  world: World,
  { service, copy }: CopyRequest,
  signal: AbortSignal,
): Promise<readonly Copy[]> {
  const { state, recorded } = await recordedService(world, service)
  const { instances } = recorded.active
  const chosen = instances.filter(
    (instance) => copy === null || copyName(instance) === copy || String(instance.slot) === copy,
  )
  if (chosen.length === 0) {
    throw new DeployError('USAGE', `${service} has no copy ${copy ?? ''}`, {
      hint: `it has ${instances.map(copyName).join(', ')}`,
    })
  }
  const book = await openHostBook(world, state, signal)
  return chosen.map((instance) => ({
    name: copyName(instance),
    instance,
    target: world.target(specOn(recorded.active, instance.host).target, {
      service,
      host: book.named(instance.host),
    }),
  }))
}

function hasNone(service: string, what: string, why: string): DeployError {
  return new DeployError('USAGE', `${service} has no ${what} ${why}: its target runs no containers`, {
    hint: 'deployctl run -- COMMAND runs one on the hosts',
  })
}
