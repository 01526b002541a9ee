/**
 * Asks the sources whose time has come, side by side. One that takes long holds nobody up: what its services are is looked
 * at without it, so that drift is put right all the same, and its answer is taken whenever it comes.
 */
import pLimit from 'p-limit'
import { reportOf } from '../../base/deploy-error.js'
import { formatDuration } from '../../base/duration.js'
import type { Outage } from '../../model/agent.js'
import type { RecordedState } from '../../model/state.js'
import { tellOf, type AgentContext } from './agent-context.js'
import { look, lookWithout, type Look, type Question } from './look.js'
import type { Rhythm } from './rhythm.js'

/** Sources are asked side by side, but not all at once. */
const questionsAtOnce = 16
/** What a source gets before the others go on without it. */
const patienceMs = 5000

export interface Watch {
  readonly rhythm: Rhythm
  readonly outages: Map<string, Outage>
  /** Questions that nobody waits for any more, by source. */
  readonly slow: Map<string, SlowQuestion>
  /** How many were begun: an answer from before the last one says what was. */
  deployments: number
}

interface SlowQuestion {
  readonly answer: Promise<Look>
  readonly deployments: number
}

export function createWatch(rhythm: Rhythm): Watch {
  return { rhythm, outages: new Map(), slow: new Map(), deployments: 0 }
}

export async function askSources(
  context: AgentContext,
  watch: Watch,
  due: readonly string[],
  { state, tryAgain }: { readonly state: RecordedState | null; readonly tryAgain: readonly string[] },
): Promise<readonly Look[]> {
  const { world } = context
  const configured = Object.values(world.config.services)
  const gone = Object.keys(state?.services ?? {}).filter((name) => world.config.services[name] === undefined)
  const limit = pLimit(questionsAtOnce)
  const looks = due.map((source, index) =>
    limit(async (): Promise<Look | null> => {
      const own = configured.filter((service) => service.source === source).map(({ name }) => name)
      // services that deploy.yaml no longer has belong to no source
      const services = index === 0 ? [...own, ...gone] : own
      if (services.length > 0) return ask(context, watch, { source, services, tryAgain, state })
      watch.rhythm.answered(source, world.clock.monotonicMs())
      return null
    }),
  )
  return (await Promise.all(looks)).filter((seen) => seen !== null)
}

async function ask(context: AgentContext, watch: Watch, question: Question): Promise<Look> {
  const { world, metrics, said, book, signal } = context
  const { source } = question
  const known = watch.slow.get(source)
  const answer = known?.answer ?? look(world, question, signal)
  const seen = await within(context, answer, known === undefined ? patienceMs : 0)
  if (seen === null) {
    if (known === undefined) {
      answer.catch(() => undefined) // told when it is asked for
      watch.slow.set(source, { answer, deployments: watch.deployments })
    }
    if (said.isNews(`slow ${source}`, 'slow'))
      book.log('info', `source "${source}" takes long to answer; the others go on without it`, { source })
    watch.rhythm.answered(source, world.clock.monotonicMs())
    return lookWithout(world, question, null, signal)
  }
  watch.slow.delete(source)
  if (known !== undefined && known.deployments !== watch.deployments) return ask(context, watch, question)
  said.forget(`slow ${source}`)
  noteOutage(context, watch, seen)
  metrics.count('deployctl_polls_total', { source, result: seen.outage?.code ?? 'answered' })
  return seen
}

/** Null when it takes longer. */
async function within({ world }: AgentContext, answer: Promise<Look>, ms: number): Promise<Look | null> {
  const over = new AbortController()
  try {
    return await Promise.race([answer, world.clock.sleep(ms, over.signal).then(() => null)])
  } finally {
    over.abort()
  }
}

/** Said when it begins and when it is over. */
function noteOutage(context: AgentContext, { rhythm, outages }: Watch, { source, outage }: Look): void {
  const { world, book } = context
  const nowMs = world.clock.monotonicMs()
  const known = outages.get(source)
  if (outage !== null) {
    rhythm.failed(source, nowMs)
    const since = known?.since ?? world.clock.now().toISOString()
    outages.set(source, { source, since, message: world.secrets.mask(outage.message) })
    if (known === undefined) {
      const text = `source "${source}" cannot be asked, and what runs goes on: ${outage.message}`
      book.log('warn', text, { source, error: reportOf(outage) })
    }
    return
  }
  rhythm.answered(source, nowMs)
  if (known === undefined) return
  outages.delete(source)
  const lastedMs = world.clock.now().getTime() - Date.parse(known.since)
  const text = `source "${source}" answers again, after ${formatDuration(lastedMs)}`
  book.log('info', text, { source })
  tellOf(context, 'recovered', text)
}
