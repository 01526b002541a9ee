/** The commands that change a slot. HAProxy answers a change with silence or a known sentence; all else is a refusal. */
import { DeployError } from '../../../base/deploy-error.js'
import type { Proxy } from './proxy.js'
import { levelHint } from './slots.js'

export interface Change {
  /** After `set server <backend>/<slot>`: `weight 19`, `state maint`, `addr 10.0.0.7 port 8080`. */
  readonly slot: string
  readonly what: string
}

/** Where slots point that are nobody's: nothing listens on port 1, should HAProxy be made to send something there. */
export const nowhere = { host: '0.0.0.0', port: 1 } as const

export async function change(proxy: Proxy, { slot, what }: Change, signal: AbortSignal): Promise<void> {
  const command = `set server ${proxy.backend}/${slot} ${what}`
  const answer = await proxy.ask(command, signal)
  if (answer === '' || /(changed from|no need to change) /.test(answer)) return
  throw new DeployError('TARGET_REFUSED', `${proxy.called} refuses \`${command}\`: ${answer.slice(0, 300)}`, {
    hint: /permission denied/i.test(answer)
      ? levelHint
      : 'Was its configuration changed in the middle? Run it again; if it stays, look at the server’s line there.',
  })
}

export async function shutSessions(proxy: Proxy, slot: string, signal: AbortSignal): Promise<void> {
  const command = `shutdown sessions server ${proxy.backend}/${slot}`
  const answer = await proxy.ask(command, signal)
  if (answer === '') return
  throw new DeployError('TARGET_REFUSED', `${proxy.called} refuses \`${command}\`: ${answer.slice(0, 300)}`)
}
