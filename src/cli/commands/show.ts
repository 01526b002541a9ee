/** `deployctl show ID`: the whole story of one deployment. */
import { exitCodes } from '../../base/deploy-error.js'
import type { CommandRun } from '../command.js'
import { openSession } from '../open-session.js'
import { storyText } from '../view/story-view.js'

export const show: CommandRun = async (context) => {
  const { terminal, words } = context
  const [id = ''] = words
  const { useCases } = await openSession(context)
  const story = await useCases.showDeployment(id)
  terminal.record('story', story)
  terminal.out(storyText(story, terminal.style))
  return exitCodes.done
}
