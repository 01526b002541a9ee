/** `deployctl adopt PLACE…`: what lies where somebody else deployed, what would be done about it; and does it. */
import { resolve } from 'node:path'
import { lookAtPlace, migrate, type AdoptionPlace } from '../../app/adopt/adopt.js'
import { exitCodes } from '../../base/deploy-error.js'
import { ask } from '../ask.js'
import type { CommandContext, CommandRun } from '../command.js'
import { parsePlace } from '../parse-place.js'
import { adoptionText, proposalText, stepLine } from '../view/adopt-view.js'

export const adopt: CommandRun = async (context) => {
  const { terminal, signal, words } = context
  const places = await Promise.all(words.map((word) => placeOf(word, context)))
  const adoptions = await Promise.all(places.map((place) => lookAtPlace(place, signal)))
  for (const adoption of adoptions) {
    terminal.record('place', adoption)
    terminal.out(`${adoptionText(adoption, terminal.style)}\n`)
  }
  terminal.out(proposalText(adoptions, terminal.style))
  if (adoptions.some(({ found }) => found.refusals.length > 0)) return exitCodes.error
  if (adoptions.every(({ steps }) => steps.length === 0)) return exitCodes.done
  const answer = await agreed(context)
  if (answer !== 'yes') return answer === 'not asked' ? exitCodes.done : exitCodes.declined
  for (const [index, place] of places.entries()) {
    const adoption = adoptions[index]
    if (adoption === undefined) continue
    await migrate(place, adoption, (step) => terminal.out(stepLine(place.where, step)), signal)
    terminal.record('adopted', { where: place.where })
    terminal.out(terminal.style.paint.good(`✓ ${place.where} is as deployctl needs it; what ran, runs`))
  }
  return exitCodes.done
}

async function placeOf(word: string, { services, options }: CommandContext): Promise<AdoptionPlace> {
  const { host, path } = parsePlace(word, services.workingDirectory)
  const { sshConfig } = options
  const config = sshConfig === null ? null : resolve(services.workingDirectory, sshConfig)
  return { where: word, host, path, shell: await services.shellOn(host, config) }
}

async function agreed({ terminal, options, signal }: CommandContext): Promise<'yes' | 'no' | 'not asked'> {
  if (options.autoApprove) return 'yes'
  if (!terminal.canAsk) return 'not asked'
  return (await ask(terminal, '\nDo it? Only "yes" is a yes: ', signal)) === 'yes' ? 'yes' : 'no'
}
