/** `deployctl cache list|prune|verify`: what was fetched and is kept. */
import { exitCodes } from '../../base/deploy-error.js'
import type { CacheEntry } from '../../model/cache.js'
import type { CommandContext, CommandRun } from '../command.js'
import { openSession } from '../open-session.js'
import type { Session } from '../services.js'
import { brokenText, cacheText, prunedText } from '../view/cache-view.js'

type Action = (session: Session, context: CommandContext) => ReturnType<CommandRun>

/** `parse` has made sure that the word is one of these. */
const actions: { readonly [action: string]: Action } = {
  async list(session, { terminal, signal }) {
    const report = await session.useCases.listCache(signal)
    terminal.record('cache', report)
    terminal.out(cacheText(report, terminal.style, session.now()))
    return exitCodes.done
  },
  async prune({ useCases }, { terminal, signal }) {
    const pruned = await useCases.pruneCache(signal)
    terminal.record('pruned', pruned)
    terminal.out(prunedText(pruned))
    return exitCodes.done
  },
  async verify({ useCases }, { terminal, signal }) {
    const checked: { readonly entry: CacheEntry; readonly sound: boolean }[] = []
    await useCases.verifyCache((entry, sound) => {
      terminal.record('checked', { entry, sound })
      checked.push({ entry, sound })
    }, signal)
    terminal.out(brokenText(checked, terminal.style))
    return checked.every(({ sound }) => sound) ? exitCodes.done : exitCodes.error
  },
}

export const cache: CommandRun = async (context) => {
  const session = await openSession(context)
  const [action = ''] = context.words
  return actions[action]?.(session, context) ?? exitCodes.invalid
}
