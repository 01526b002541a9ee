/** Listens, while a deployment runs, for the word of a person in another process that it is to end and be undone. */
import { DeployError } from '../base/deploy-error.js'
import type { Abort, Mark } from '../model/mark.js'
import type { World } from './world.js'

/** Between two looks at the marks. */
const lookEveryMs = 1000

export interface AbortEar {
  /** Aborts when the word was said, with ABORTED as its reason. */
  readonly signal: AbortSignal
  end(): Promise<void>
}

export function hearAbort(world: World, deployment: string): AbortEar {
  const heard = new AbortController()
  const over = new AbortController()
  const isMeant = (mark: Mark): mark is Abort => mark.kind === 'abort' && mark.deployment === deployment
  const listen = async (): Promise<void> => {
    while (!over.signal.aborted) {
      // What cannot be read now may be read a second later; a deployment does not fail for it.
      const marks = await world.store.readMarks(world.config.environment).catch((): readonly Mark[] => [])
      const abort = marks.find(isMeant)
      if (abort !== undefined) {
        heard.abort(aborted(abort))
        return
      }
      await world.clock.sleep(lookEveryMs, over.signal)
    }
  }
  const listening = listen()
  return {
    signal: heard.signal,
    async end() {
      over.abort()
      await listening
    },
  }
}

function aborted({ by, reason }: Abort): DeployError {
  return new DeployError('ABORTED', `aborted by ${by}${reason === null ? '' : `: ${reason}`}`)
}

/** Takes away what was said to deployments that have come to their end. */
export async function tidyMarks({ store, config: { environment } }: World): Promise<void> {
  const marks = await store.readMarks(environment)
  if (marks.length === 0) return
  const unfinished = await store.unfinished(environment)
  // what the agent waits for belongs to no deployment
  const spent = marks.filter((mark) => 'deployment' in mark && !unfinished.includes(mark.deployment))
  await Promise.all(spent.map((mark) => store.removeMark(environment, mark)))
}
