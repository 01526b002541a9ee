/** `deployctl schema`: the JSON schema of deploy.yaml, for editors. */
import { exitCodes } from '../../base/deploy-error.js'
import type { CommandRun } from '../command.js'

export const schema: CommandRun = async ({ terminal }) => {
  const { default: document } = await import('../../../schema/deploy.schema.json', { with: { type: 'json' } })
  terminal.record('schema', { schema: document })
  terminal.out(JSON.stringify(document, null, 2))
  return exitCodes.done
}
