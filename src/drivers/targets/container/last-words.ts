/** What a container said last and how it ended, for the story of a failure. */
import type { Instance } from '../../../model/instance.js'
import { captureOutput } from '../../system/output-capture.js'
import { findContainer, howItEnded, type Inspected } from './containers.js'
import { documentsIn } from './engine/documents.js'
import { unframe } from './engine/unframe.js'
import type { Place } from './place.js'

const mostLines = 50
const mostHealthLines = 5
const mostEnds = 4
const logDeadlineMs = 20_000

export async function lastWords(
  place: Place,
  instance: Instance,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const container = await findContainer(place, instance, signal)
  if (container === null) return ['its container is gone']
  const ended = howItEnded(container)
  return [
    ...(await lastLinesOf(place, container, signal)),
    ...healthWords(place, container),
    ...(ended === null ? await earlierEnds(place, container, signal) : [ended]),
  ]
}

/** How one that runs again came to its end before: its state does not say any more, the engine’s recent events do. */
async function earlierEnds(
  { engine, ports }: Place,
  { Id, RestartCount }: Inspected,
  signal: AbortSignal,
): Promise<readonly string[]> {
  if (RestartCount === 0) return []
  const said: string[] = []
  const read = documentsIn((event) => {
    const { Action, Actor } = event as EngineEvent // the engine's documented form
    if (Action === 'oom') said.push('the kernel ended one of its processes: out of memory')
    if (Action === 'die') said.push(`it exited with code ${Actor?.Attributes?.exitCode ?? '?'}`)
  })
  const question = {
    doing: 'ask what happened to the container',
    method: 'GET',
    path: '/events',
    query: {
      since: '0',
      until: (ports.clock.now().getTime() / 1000).toFixed(3), // whole seconds would leave out what has just happened
      filters: JSON.stringify({ container: [Id], event: ['die', 'oom'] }),
    },
    deadlineMs: logDeadlineMs,
  } as const
  try {
    await engine.stream(question, { stallMs: logDeadlineMs, onBytes: read }, signal)
  } catch {
    return [] // the story it belongs to matters more
  }
  return [...new Set(said.slice(-mostEnds))]
}

interface EngineEvent {
  readonly Action?: string
  readonly Actor?: { readonly Attributes?: { readonly exitCode?: string } }
}

/** A log driver whose output cannot be read gives a sentence instead. */
export async function lastLinesOf(
  place: Place,
  container: Inspected,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const capture = captureOutput(() => undefined)
  const question = {
    doing: 'read the container’s log',
    method: 'GET',
    path: `/containers/${container.Id}/logs`,
    query: { stdout: 'true', stderr: 'true', tail: `${mostLines}` },
    deadlineMs: logDeadlineMs,
  } as const
  const onBytes = unframe((stream, bytes) => capture.write(stream, bytes), container.Config.Tty !== true)
  try {
    await place.engine.stream(question, { stallMs: logDeadlineMs, onBytes }, signal)
  } catch {
    return ['(its log cannot be read)'] // the story it belongs to matters more
  }
  capture.end()
  return capture.lastLines().map((line) => place.ports.secrets.mask(line))
}

function healthWords(place: Place, { State }: Inspected): readonly string[] {
  const last = State.Health?.Log?.at(-1)
  if (State.Health?.Status !== 'unhealthy' || last === undefined) return []
  const said = last.Output.trim()
  if (said === '') return [`its HEALTHCHECK ended with ${last.ExitCode} and said nothing`]
  const lines = said.split('\n').slice(-mostHealthLines)
  return [
    `its HEALTHCHECK answered ${last.ExitCode}:`,
    ...lines.map((line) => place.ports.secrets.mask(line.slice(0, 500))),
  ]
}
